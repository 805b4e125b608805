import { afterAll, beforeAll, it } from '@jest/globals';
import { type Gateway, startGateway } from '../support/gateway.js';
import { expectCrowdSettled } from '../support/members-crowd.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

it('administrators who edit and leave at once leave no organization silently without one', async () => {
  await expectCrowdSettled(gateway, 6, 0);
}, 60_000);

it('an administrator who is left among them keeps the organization from asking for one', async () => {
  await expectCrowdSettled(gateway, 6, 1);
}, 60_000);
