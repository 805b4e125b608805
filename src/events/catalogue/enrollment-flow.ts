import { z } from 'zod';
import { FlowStatus, FlowTemplateName } from '../../entities/enums.js';
import { defineEvent } from './define.js';
import { exampleId, globalId, oneOf } from './values.js';

const flow = {
  name: z.string(),
  status: oneOf(FlowStatus),
  organizationId: globalId('Organization').nullable(),
};

const names = { name: z.string(), description: z.string().nullable() };

const FLOW = { name: 'Join us', status: 'SUSPENDED' as const, organizationId: exampleId('Organization') };

/** Events about the configured ways in. What their settings are is in their versions, which never change. */
export const enrollmentFlowEvents = {
  'enrollment_flow.created': defineEvent({
    description: 'An enrollment flow was made, with its first version.',
    about: 'EnrollmentFlow',
    changesRights: false,
    after: z.strictObject({
      ...flow,
      description: z.string().nullable(),
      /** The number of the version. */
      number: z.int(),
      /** The flow whose settings it began with. */
      copyOf: globalId('EnrollmentFlow').nullable(),
      /** The shipped template whose settings it began with. */
      template: oneOf(FlowTemplateName).nullable(),
    }),
    example: { after: { ...FLOW, description: null, number: 1, copyOf: null, template: 'SELF_SIGN_UP' } },
  }),
  'enrollment_flow.updated': defineEvent({
    description: 'An enrollment flow changed: its names that did, and which of its settings. Petitions keep theirs.',
    about: 'EnrollmentFlow',
    changesRights: false,
    before: z.strictObject({ ...z.strictObject(names).partial().shape, number: z.int() }),
    after: z.strictObject({
      ...z.strictObject(names).partial().shape,
      /** The number of the version that petitions begin with from now on. */
      number: z.int(),
      /** The names of the settings that changed. */
      settings: z.array(z.string()),
    }),
    example: { before: { number: 1 }, after: { number: 2, settings: ['confirmation', 'requiresApproval'] } },
  }),
  'enrollment_flow.status_changed': defineEvent({
    description: 'An enrollment flow was activated, suspended, or made a template.',
    about: 'EnrollmentFlow',
    changesRights: false,
    before: z.strictObject({ status: oneOf(FlowStatus) }),
    after: z.strictObject({ status: oneOf(FlowStatus) }),
    example: { before: { status: 'SUSPENDED' }, after: { status: 'ACTIVE' } },
  }),
  'enrollment_flow.deleted': defineEvent({
    description: 'An enrollment flow was deleted. Its petitions stay, with the versions that they began with.',
    about: 'EnrollmentFlow',
    changesRights: false,
    before: z.strictObject(flow),
    example: { before: FLOW },
  }),
};
