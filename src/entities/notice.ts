import { defineEntity, p } from '@mikro-orm/core';
import { ofTenant, tenantFilter } from './base.js';
import { User } from './user.js';

export const NoticeSchema = defineEntity({
  name: 'Notice',
  tableName: 'notices',
  filters: tenantFilter,
  properties: {
    ...ofTenant(),
    user: () => p.manyToOne(User).joinColumn('user_id'),
    kind: p.string(),
    data: p.json<Record<string, unknown>>(),
    createdAt: p.datetime(),
    /** When mail is to be tried (again); null when it was sent or is not wanted. */
    mailAt: p.datetime().nullable(),
    mailAttempts: p.integer().default(0),
    mailedAt: p.datetime().nullable(),
  },
});

/** Something that a person must be told: shown in the API and mailed. */
export class Notice extends NoticeSchema.class {}
NoticeSchema.setClass(Notice);
