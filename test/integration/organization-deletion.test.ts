import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import type { Browser } from '../support/browser.js';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeApplication, makeRole } from '../support/openid.js';
import { callSettings, eventsOf, organizationWith, unchanged } from '../support/organizations.js';
import { PNG } from '../support/pictures.js';

let gateway: Gateway;
let ofTenant: Browser;
beforeAll(async () => {
  gateway = await startGateway();
  ofTenant = (await gateway.signedInUser({ isTenantAdministrator: true })).browser;
});
afterAll(() => gateway.close());

const DELETE = `mutation ($input: OrganizationDeleteInput!) {
  organizationDelete(input: $input) { deletedId userErrors { code field } }
}`;
const remove = (id: string, more = {}) => gateway.graphql(ofTenant, DELETE, { input: { id, ...more } });

/** Rows of each table of the tenant that belong to an organization. */
async function ownRows(organizationId: string): Promise<Record<string, number>> {
  const tables = await gateway.rows<{ name: string }>(
    `select table_name as name from information_schema.columns
     where table_schema = 'public' and column_name = 'organization_id' order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await gateway.rows<{ count: number }>(
      `select count(*)::int as count from ${name} where tenant_id = $1 and organization_id = $2`,
      [organizationId],
    );
    if (row!.count) counts[name] = row!.count;
  }
  return counts;
}

describe('[ORG-04] deleting an organization', () => {
  it('takes all that belongs to it along at once, tells how much that was, keeps the audit log, and is done once', async () => {
    const { id, uuid, browsers } = await organizationWith(gateway, {
      ...{ member: ['member'], administrator: ['member', 'administrator'] },
    });
    const at = new Date();
    const add = (text: string, values: unknown[] = []) => gateway.rows(text, [uuid, ...values]);
    const [connection] = await gateway.rows<{ id: string }>('select id from connections where tenant_id = $1');
    await add(
      `insert into organization_identifiers (id, tenant_id, organization_id, scheme, value) values ($3, $1, $2, 'GROUP', 'gone')`,
      [v7()],
    );
    await add(
      `insert into invitations (id, tenant_id, organization_id, email, email_normalized, status, accept_url, locale, expires_at, mail_status, created_at, updated_at)
       values ($3, $1, $2, 'a@example.org', 'a@example.org', 'PENDING', 'https://example.org/', 'EN', $4, 'NONE', $4, $4)`,
      [v7(), at],
    );
    await add(
      `insert into organization_jit_domains (id, tenant_id, organization_id, domain, proof, created_at) values ($3, $1, $2, 'example.org', 'x', $4)`,
      [v7(), at],
    );
    await add(
      `insert into organization_jit_connections (id, tenant_id, organization_id, connection_id, created_at) values ($3, $1, $2, $4, $5)`,
      [v7(), connection!.id, at],
    );
    await add(
      `insert into roles (id, tenant_id, organization_id, name, description, is_built_in) values ($3, $1, $2, 'Its own', '', false)`,
      [v7()],
    );
    await callSettings(gateway, ofTenant, 'organizationLogoSet', {
      ...{ organizationId: id, kind: 'LIGHT', upload: { content: PNG.toString('base64') } },
    });
    const machine = await makeApplication(gateway, 'MACHINE');
    const link = v7();
    await add(
      `insert into organization_applications (id, tenant_id, organization_id, application_id, added_at) values ($3, $1, $2, $4, $5)`,
      [link, machine.uuid, at],
    );
    const role = await makeRole(gateway, 'APPLICATION', ['reports:read']);
    await gateway.rows(
      `insert into organization_application_roles (id, tenant_id, organization_application_id, role_id, granted_at) values ($2, $1, $3, $4, $5)`,
      [v7(), link, role, at],
    );
    const askToken = () =>
      fetch(`${gateway.url}/oidc/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${machine.clientId}:${machine.secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: `urn:vestibule:organization:${id}` }),
      });
    const issued = await askToken();
    expect(issued.status).toBe(200);
    const { access_token: token } = (await issued.json()) as { access_token: string };
    const readByToken = async () => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const body = JSON.stringify({ query: `{ organization(id: "${id}") { id } }` });
      return (await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })).text();
    };
    expect(await readByToken()).toContain(id);

    const before = await ownRows(uuid);
    const stale = await unchanged(gateway, () => remove(id, { expectedVersion: 1 }));
    expect(stale.data.organizationDelete).toEqual({
      ...{ deletedId: null, userErrors: [{ code: 'STALE_VERSION', field: ['expectedVersion'] }] },
    });
    const byOthers = await unchanged(gateway, () =>
      gateway.graphql(browsers.administrator!, DELETE, { input: { id } }),
    );
    expect(byOthers.errors?.[0]?.extensions.code).toBe('FORBIDDEN');

    expect((await remove(id)).data.organizationDelete).toEqual({ deletedId: id, userErrors: [] });
    expect(Object.keys(await ownRows(uuid))).toEqual(['events']);
    expect(Object.keys(before)).toEqual(expect.arrayContaining(['invitations', 'organization_logos', 'roles']));
    const events = await eventsOf(gateway, uuid);
    expect(events.at(-1)).toMatchObject({
      ...{ type: 'organization.deleted', object_id: uuid },
      before: {
        ...{ members: 2, invitations: 1, applications: 1, roles: 1, logos: 1, joiningRules: 2 },
        identifiers: [{ scheme: 'GROUP', value: 'gone' }],
      },
    });
    expect(events.length).toBe((before.events ?? 0) + 1);

    expect((await readByToken()).includes(id)).toBe(false);
    expect((await askToken()).status).toBe(403);
    expect(
      await gateway.rows('select id from applications where tenant_id = $1 and id = $2', [machine.uuid]),
    ).toHaveLength(1);
    const again = await unchanged(gateway, () => remove(id));
    expect(again.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    const read = await gateway.graphql(browsers.member!, `{ organization(id: "${id}") { id } }`);
    expect(read.data.organization).toBeNull();
  });
});

describe('an organization that is suspended or archived', () => {
  it.each(['SUSPENDED', 'ARCHIVED'])(
    '%s: it is still read, nobody enters it, and resuming it undoes that',
    async (status) => {
      const { id, browsers } = await organizationWith(gateway, { member: ['member'] });
      const set = (to: string) => callSettings(gateway, ofTenant, 'organizationUpdate', { id, status: to });
      const enter = async () =>
        (
          await gateway.graphql(
            browsers.member!,
            'mutation ($input: OrganizationEnterInput!) { organizationEnter(input: $input) { userErrors { code } } }',
            { input: { organizationId: id } },
          )
        ).data.organizationEnter.userErrors.map(({ code }: any) => code);
      expect((await set(status)).organization.status).toBe(status);
      const { data } = await gateway.graphql(browsers.member!, `{ organization(id: "${id}") { status } }`);
      expect([data.organization.status, await enter()]).toEqual([status, ['WRONG_STATUS']]);
      await set('ACTIVE');
      expect(await enter()).toEqual([]);
    },
  );
});
