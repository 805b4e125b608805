import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../support/gateway.js';
import { makeOrganization } from '../support/factories.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

describe('a first sign-in', () => {
  it('[SSO-01] joins the organization that has the SIRET, as a plain member', async () => {
    const organization = await makeOrganization(gateway.tenant, { siret: '13002526500013' });
    const person = gateway.addPerson({ id: 'one', claims: { siret: '13002526500013' } });
    const { browser, visit } = await gateway.signIn(person);
    expect(visit.status).toBe(200);
    const { data } = await gateway.graphql(browser, '{ viewer { session { cases } organization { id siret } } }');
    expect(data.viewer.session.cases).toEqual(['U7_CREATED', 'O1_JOINED']);
    expect(data.viewer.organization.id).toBe(`org_${organization.id}`);
  });

  it('costs at most four statements when repeated', async () => {
    const person = gateway.addPerson({ id: 'two', claims: { siret: '13002526500013' } });
    await gateway.signIn(person);
    const { browser, callback } = await gateway.reachCallback(person);
    gateway.statements.length = 0;
    await browser.get(callback, { follow: false });
    const counted = gateway.statements.filter((text) => !/^(begin|commit)$/i.test(text));
    expect(counted).toHaveLength(4);
  });
});
