import { v7 } from 'uuid';
import {
  ApprovalRule,
  ConnectionStatus,
  DuplicateMode,
  FlowAuthorization,
  MatchPolicy,
  SourceMode,
  TermsMode,
} from '../../src/entities/enums.js';
import { PipelineRemoval } from '../../src/entities/source-enums.js';
import { callOf } from '../security/matrix-calls.js';
import type { World } from '../security/matrix-world.js';
import { makeApplication } from '../support/applications.js';
import { makeApproved } from '../support/approvals.js';
import { Browser } from '../support/browser.js';
import { makeConfirmation } from '../support/confirmations.js';
import { makeConnection, makeMembership, makeOrganization, makeUser } from '../support/factories.js';
import { changeFlow } from '../support/flows.js';
import { addPasskey, addTotp, appOf, createDevice, run, showTotp } from '../support/factors.js';
import { addJitConnection, makeJitRole, proveDomain } from '../support/jit.js';
import { attribute, command, makeFlow, PERSON, start } from '../support/petitions.js';
import { PNG } from '../support/pictures.js';
import { mapGroup } from '../support/scim.js';
import { comeIn, linkInApp, nextSiret, reachApp } from '../support/sign-in.js';
import { makePeopleSource, startAskedPeople } from '../support/sources/asked-people.js';
import { makePipeline, recordOf, take } from '../support/sources/pipelines.js';
import { makeSignInSource, waitingForSource } from '../support/sources/sign-in.js';
import { makeSource } from '../support/sources/make.js';

/** A call that is ready to be made. */
export interface Prepared {
  input: Record<string, unknown>;
  /** Who calls; an administrator of the tenant unless told. */
  browser?: Browser | null;
}

export interface Case {
  name?: string;
  prepare: (world: World) => Promise<Prepared>;
  /** Why the same call has something to do a second time. */
  repeats?: string;
}

/** Mutations that leave what is stored as it is, and why they are mutations. */
export const CHANGING_NOTHING: Record<string, string> = {
  connectionTest: 'asks the provider',
  factorPasskeyBegin: 'asks the browser for a passkey, which has an end of its own',
  factorProveBegin: 'asks the browser to show a passkey, which has an end of its own',
  factorTotpBegin: 'gives a secret, which has an end of its own',
  petitionSignInAtSource: 'begins a trip to the provider, which has an end of its own',
  sourceTest: 'asks the source',
  ssoBegin: 'begins a trip to the provider, which has an end of its own',
};

/** Mutations that tell something and leave what is stored as it is, and what they do instead. */
export const TELLING_ALONE: Record<string, string> = {
  auditErase: 'changes what events say',
  webhookDeliveryReplay: 'has an event sent again',
  webhookEndpointReplay: 'has events sent again',
  webhookEndpointTest: 'has its own event sent',
};

let serial = 0;

/** A person whom nobody knows yet, of an organization that nobody knows. */
export const newcomer = (world: World, claims = {}) =>
  world.gateway.addPerson({ id: `newcomer-${++serial}`, claims: { siret: nextSiret(), ...claims } });

/** Calls that change something, where the call of the matrix need not. */
const CASES: Record<string, Case[]> = {
  auditErase: [
    {
      prepare: async (world) => {
        const { userId } = await world.gateway.signedInUser();
        return { input: { userId: `usr_${userId}`, reason: 'Asked for' } };
      },
    },
  ],
  sourceCreate: [
    {
      prepare: async () => ({
        input: {
          ...{ idempotencyKey: 'state-source', kind: 'LDAP', name: 'Made', secrets: { bindPassword: 'secret' } },
          settings: {
            ...{ url: 'ldaps://directory.example.org', baseDn: 'dc=example,dc=org', bindDn: 'cn=door' },
            mapping: { key: 'uid' },
          },
        },
      }),
    },
  ],
  sourceUpdate: [
    {
      prepare: async (world) => ({
        input: {
          ...{ id: await world.freshSource(), name: 'Edited', description: 'Anew', status: 'SUSPENDED' },
          settings: { mapping: { key: 'id', emails: ['email'] }, delimiter: ';' },
          ...{ keepsRaw: false, isOpenToOrganizations: true, syncMode: 'QUERY', syncInterval: 60 },
          ...{ queryMismatch: 'IGNORE', querySkipsKnown: true, syncsOnLogin: true, timeLimit: 900 },
        },
      }),
    },
  ],
  sourceSyncStart: [
    {
      prepare: async (world) => ({
        input: { sourceId: await world.freshSource(), mode: 'FULL', isForced: true, idempotencyKey: 'state-sync' },
      }),
    },
  ],
  sourceSyncCancel: [
    {
      prepare: async (world) => ({ input: { id: await world.freshSyncRun('WAITING') } }),
    },
  ],
  sourceDelete: [{ prepare: async (world) => ({ input: { id: await world.freshSource() } }) }],
  pipelineCreate: [
    {
      prepare: async ({ ids }) => ({
        input: {
          ...{ idempotencyKey: 'state-pipeline', name: 'Made', description: 'For staff', copiesName: true },
          ...{ createsUsers: true, organizationId: ids.Organization, removal: 'END_AFTER_GRACE', graceDays: 30 },
        },
      }),
    },
  ],
  pipelineUpdate: [
    {
      prepare: async (world) => ({
        input: {
          ...{ id: await world.freshPipeline(), name: 'Edited', description: 'Anew', status: 'SUSPENDED' },
          ...{ match: 'IDENTIFIER', matchIdentifierType: 'staff', copiesEmail: false },
        },
      }),
    },
  ],
  pipelineDelete: [{ prepare: async (world) => ({ input: { id: await world.freshPipeline() } }) }],
  sourceRecordUnlink: [{ prepare: async (world) => ({ input: { id: (await linkedRecord(world)).id } }) }],
  sourceRecordRelink: [
    {
      prepare: async (world) => ({
        input: { id: (await linkedRecord(world)).id, userId: `usr_${(await makeUser(world.gateway.tenant)).id}` },
      }),
    },
  ],
  sourceRecordSync: [
    {
      repeats: 'each call asks the source, and is told of',
      prepare: async ({ gateway }) => {
        // It may be asked until the process ends, and keeps nobody from ending.
        const people = await startAskedPeople([
          { key: 'ada', emails: [`synced-${v7()}@example.org`], familyName: 'Byron' },
        ]);
        people.unref();
        const pipeline = await makePipeline(gateway.tenant);
        const source = await makePeopleSource(gateway.tenant, people, { pipelineId: pipeline.id });
        const [record] = await take(gateway, source, [recordOf('ada', { email: null })]);
        return { input: { id: `rec_${record!.recordId}` } };
      },
    },
  ],
  organizationCreate: [
    {
      prepare: async () => ({
        input: { idempotencyKey: 'state-1', name: 'Made', identifiers: [{ scheme: 'SIRET', value: nextSiret() }] },
      }),
    },
  ],
  organizationUpdate: [
    {
      prepare: async (world) => ({
        input: {
          id: await world.freshOrganization(),
          name: 'Edited',
          description: 'Anew',
          status: 'ARCHIVED',
          identifiers: [{ scheme: 'GROUP', value: 'state' }],
          slug: 'edited',
          customData: { edited: true },
          primaryColor: '#000091',
          darkPrimaryColor: '#8585f6',
          isMfaRequired: true,
          mfaRule: 'FACTOR_USED',
        },
      }),
    },
    {
      name: 'that its first member could still name',
      prepare: async (world) => {
        const { viewer } = await comeIn(world.gateway, newcomer(world));
        return { input: { id: viewer.organization!.id, name: 'Named by an administrator', identifiers: [] } };
      },
    },
  ],
  organizationCustomDataPatch: [
    { prepare: async (world) => ({ input: { id: await world.freshOrganization(), patch: { edited: true } } }) },
  ],
  organizationLogoSet: [
    {
      prepare: async (world) => ({
        input: {
          organizationId: await world.freshOrganization(),
          kind: 'LIGHT',
          upload: { content: PNG.toString('base64') },
        },
      }),
    },
  ],
  organizationLogoRemove: [{ prepare: async (world) => ({ input: await freshLogo(world) }) }],
  organizationComplete: [
    {
      prepare: async (world) => {
        const { browser, viewer } = await comeIn(world.gateway, newcomer(world));
        return { browser, input: { id: viewer.organization!.id, name: 'Named by its first member' } };
      },
    },
  ],
  organizationDelete: [
    {
      name: 'with members, identifiers and sessions',
      prepare: async (world) => {
        const { viewer } = await comeIn(world.gateway, newcomer(world));
        return { input: { id: viewer.organization!.id } };
      },
    },
  ],
  memberAppoint: [
    {
      name: 'of somebody who is no member yet',
      prepare: async (world) => ({
        input: { organizationId: await world.freshOrganization(), userId: await world.freshUser() },
      }),
    },
    {
      name: 'where there was no administrator any more',
      prepare: async (world) => {
        const { tenant, signedInUser } = world.gateway;
        const organization = await makeOrganization(tenant, { needsAdministrator: true });
        const { userId } = await signedInUser();
        await makeMembership(tenant, { user: { id: userId }, organization });
        return { input: { organizationId: `org_${organization.id}`, userId: `usr_${userId}` } };
      },
    },
  ],
  organizationMembersAdd: [
    {
      name: 'with a role, where there was no administrator any more',
      prepare: async (world) => {
        const organization = await makeOrganization(world.gateway.tenant, { needsAdministrator: true });
        const roleIds = ['administrator', 'member'].map((name) => `rol_${world.gateway.tenant.roles.get(name)}`);
        const userIds = [await world.freshUser(), await world.freshUser()];
        return { input: { organizationId: `org_${organization.id}`, userIds, roleIds } };
      },
    },
  ],
  organizationMembersReplace: [
    {
      name: 'that takes the last administrator away',
      prepare: async (world) => {
        const { organizationId } = await administered(world);
        return { input: { organizationId, userIds: [await world.freshUser()] } };
      },
    },
  ],
  organizationMemberRemove: [
    {
      name: 'of the last administrator',
      prepare: async (world) => ({ input: asInput(await administered(world)) }),
    },
  ],
  organizationMembersRemove: [
    {
      prepare: async (world) => {
        const { organizationId, userId } = await administered(world);
        return { input: { organizationId, userIds: [userId] } };
      },
    },
  ],
  organizationLeave: [
    {
      prepare: async (world) => {
        const { organizationId, browser } = await administered(world);
        return { browser, input: { organizationId } };
      },
    },
  ],
  organizationMembersAssignRoles: [
    {
      prepare: async (world) => {
        const { organizationId, userId } = await administered(world);
        return { input: { organizationId, userIds: [userId], roleIds: [`rol_${memberRole(world)}`] } };
      },
    },
  ],
  organizationMemberRolesAdd: [
    { prepare: async (world) => ({ input: { ...asInput(await administered(world)), roleNames: ['member'] } }) },
  ],
  organizationMemberRolesSet: [
    { prepare: async (world) => ({ input: { ...asInput(await administered(world)), roleNames: ['member'] } }) },
  ],
  organizationMemberRoleRemove: [
    {
      name: 'of the last administrator',
      prepare: async (world) => ({ input: { ...asInput(await administered(world)), roleNames: ['administrator'] } }),
    },
  ],
  userUpdate: [
    {
      prepare: async (world) => ({
        input: {
          id: await world.freshUser(),
          givenName: 'Ada',
          familyName: 'Lovelace',
          email: 'Ada.Lovelace@example.org',
          isEmailVerified: true,
          isTenantAdministrator: true,
        },
      }),
    },
    {
      name: 'that takes the rights of an administrator',
      prepare: async (world) => {
        const { id } = await makeUser(world.gateway.tenant, { isTenantAdministrator: true });
        return { input: { id: `usr_${id}`, isTenantAdministrator: false } };
      },
    },
  ],
  userSuspend: [
    {
      name: 'of somebody who is signed in',
      prepare: async (world) => ({ input: { id: `usr_${(await world.gateway.signedInUser()).userId}` } }),
    },
  ],
  connectionUpdate: [
    {
      prepare: async (world) => ({
        input: {
          id: await freshConnection(world),
          settings: { name: 'Edited', scopes: ['openid'], claimNames: { email: 'mail' }, userinfoAlgorithm: null },
        },
      }),
    },
    {
      name: 'of the secret',
      prepare: async (world) => ({ input: { id: await freshConnection(world), settings: { clientSecret: 'secret' } } }),
      repeats: 'the secret is sealed anew: nobody looks whether it is the same',
    },
  ],
  connectionEnable: [
    { prepare: async (world) => ({ input: { id: await freshConnection(world, ConnectionStatus.DISABLED) } }) },
  ],
  ssoComplete: [
    {
      name: 'of a newcomer',
      prepare: async (world) => {
        const browser = new Browser();
        return { browser, input: await reachApp(world.gateway, newcomer(world), { browser }) };
      },
    },
  ],
  identityLink: [
    {
      name: 'with another session open',
      prepare: async (world) => {
        const { browser, person } = await world.gateway.signedInUser();
        await comeIn(world.gateway, person);
        return { browser, input: await reachApp(world.gateway, newcomer(world), { browser, intent: 'LINK' }) };
      },
    },
  ],
  identityUnlink: [
    {
      name: 'with a session open',
      prepare: async (world) => {
        const { gateway } = world;
        const { browser } = await gateway.signedInUser();
        const added = newcomer(world);
        const linked = await linkInApp(gateway, browser, await reachApp(gateway, added, { browser, intent: 'LINK' }));
        await comeIn(gateway, added);
        return { browser, input: { id: linked.data.identityLink.identity.id } };
      },
    },
  ],
};

/** Mutations of webhooks: what they do once, they do again when they are called again. */
const repeated = (input: object, repeats: string): Case[] => [
  { prepare: async (world) => ({ input: { id: await world.freshEndpoint(), ...input } }), repeats },
];
Object.assign(CASES, {
  webhookEndpointCreate: [
    {
      prepare: async (world: World) => ({
        input: {
          idempotencyKey: 'state-2',
          organizationId: await world.freshOrganization(),
          url: 'https://example.org/state',
        },
      }),
    },
  ],
  webhookEndpointUpdate: [
    {
      prepare: async (world: World) => ({
        input: {
          id: await world.freshEndpoint(),
          url: 'https://example.org/edited',
          description: 'Edited',
          eventTypes: ['organization.*'],
          status: 'DISABLED',
        },
      }),
    },
  ],
  webhookEndpointRotateSecret: repeated({}, 'each call makes another secret'),
  webhookEndpointTest: repeated({}, 'each call sends an event of its own'),
  webhookEndpointReplay: repeated({ since: '2020-01-01T00:00:00Z' }, 'each call is told of'),
  webhookDeliveryReplay: [
    {
      prepare: async (world: World) => fromMatrix(world, 'webhookDeliveryReplay'),
      repeats: 'each call is told of',
    },
  ],
});

/** Enrollment flows and terms. */
Object.assign(CASES, {
  enrollmentFlowCreate: [
    {
      prepare: async (world: World) => ({
        input: {
          ...{ idempotencyKey: 'state-flow', organizationId: await world.freshOrganization(), name: 'Join us' },
          ...{ template: 'SELF_SIGN_UP', status: 'ACTIVE' },
        },
      }),
    },
  ],
  enrollmentFlowUpdate: [
    {
      prepare: async (world: World) => ({
        input: {
          ...{ id: await world.freshFlow(), name: 'Renamed', description: 'Anew' },
          settings: { requiresApproval: true, introduction: 'Hello' },
        },
      }),
    },
    {
      name: 'of the description alone',
      prepare: async (world: World) => ({ input: { id: await world.freshFlow(), description: 'Anew' } }),
    },
  ],
  enrollmentFlowActivate: [
    {
      prepare: async (world: World) => {
        const id = await world.freshFlow();
        await changeFlow(world.gateway, world.browsers.tenantAdministrator, 'enrollmentFlowSuspend', { id });
        return { input: { id } };
      },
    },
  ],
  termsCreate: [
    {
      prepare: async (world: World) => ({
        input: {
          ...{ idempotencyKey: 'state-terms', organizationId: await world.freshOrganization() },
          ...{ title: 'Terms of use', url: 'https://example.org/terms' },
        },
      }),
    },
  ],
  termsUpdate: [
    {
      prepare: async (world: World) => ({
        input: { id: await world.freshTerms(), title: 'Charter', body: 'Be kinder.', isActive: false },
      }),
    },
  ],
});

/** Invitations: answered by the person whose address they are for. */
const forSelf = async (world: World): Promise<Prepared> => ({
  browser: world.browsers.self,
  input: { id: await world.freshInvitation() },
});
const inviting = async (world: World) => ({
  idempotencyKey: `invitation-${++serial}`,
  organizationId: await world.freshOrganization(),
  roleIds: [`rol_${memberRole(world)}`],
});
Object.assign(CASES, {
  organizationInvitationCreate: [
    {
      prepare: async (world: World) => ({
        input: { ...(await inviting(world)), email: `state-${serial}@example.org` },
      }),
    },
  ],
  organizationInvitationsCreate: [
    {
      prepare: async (world: World) => ({
        input: { ...(await inviting(world)), emails: [`one-${serial}@example.org`, `two-${serial}@example.org`] },
      }),
    },
  ],
  organizationInvitationResend: [
    {
      prepare: async (world: World) => ({ input: { id: await world.freshInvitation() } }),
      repeats: 'each call makes another link',
    },
  ],
  organizationInvitationAccept: [{ prepare: forSelf }],
  organizationInvitationDecline: [{ prepare: forSelf }],
});

/** Petitions: of somebody who enrolls themselves. */
const enrolling = async (world: World, input: object = {}): Promise<Prepared> => ({
  browser: world.browsers.self,
  input: { id: await world.freshPetition(), ...input },
});
Object.assign(CASES, {
  petitionStart: [
    {
      prepare: async (world: World) => ({ input: { idempotencyKey: `petition-${++serial}`, flowId: world.flow } }),
    },
    {
      name: 'that is finalized at once',
      prepare: async (world: World) => ({
        input: { flowId: (await makeFlow(world.gateway.tenant)).globalId },
      }),
      repeats: 'each call starts another',
    },
  ],
  petitionSelectEnrollee: [
    {
      prepare: async ({ gateway, freshUser }: World) => {
        const settings = { match: MatchPolicy.SELECT, attributes: [attribute({ key: 'motive' })] };
        const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
        const flow = await makeFlow(gateway.tenant, {
          settings: { ...settings, authorization: FlowAuthorization.TENANT_ADMINISTRATOR },
        });
        const { petition } = await start(gateway, browser, flow.globalId);
        return { browser, input: { id: petition.id, enrolleeId: await freshUser() } };
      },
    },
  ],
  petitionSubmitAttributes: [{ prepare: (world: World) => enrolling(world, { attributes: { motive: 'Work' } }) }],
  petitionAgreeToTerms: [
    {
      prepare: async ({ gateway }: World) => {
        const id = v7();
        await gateway.rows(
          `insert into terms (id, tenant_id, organization_id, title, body, is_active, created_at, updated_at)
           values ($2, $1, $3, 'Charter', 'All of it.', true, now(), now())`,
          [id, (await makeOrganization(gateway.tenant)).id],
        );
        const [terms] = await gateway.rows('select organization_id as id from terms where tenant_id = $1 and id = $2', [
          id,
        ]);
        const flow = await makeFlow(gateway.tenant, {
          settings: {
            authorization: FlowAuthorization.SIGNED_IN,
            match: MatchPolicy.SELF,
            terms: TermsMode.EXPLICIT,
            organizationIds: [terms!.id as string],
          },
        });
        const { browser } = await gateway.signedInUser();
        const { petition } = await start(gateway, browser, flow.globalId);
        return { browser, input: { id: petition.id, terms: [{ id: `trm_${id}`, edition: 1 }] } };
      },
    },
  ],
  petitionContinue: [
    {
      prepare: async ({ gateway }: World) => {
        const organization = await makeOrganization(gateway.tenant);
        const flow = await makeFlow(gateway.tenant, {
          settings: {
            authorization: FlowAuthorization.SIGNED_IN,
            match: MatchPolicy.SELF,
            organizationIds: [organization.id],
            attributes: [attribute({ key: 'motive' })],
          },
        });
        const { browser } = await gateway.signedInUser();
        const { petition } = await start(gateway, browser, flow.globalId);
        const become = (status: string) =>
          gateway.rows('update organizations set status = $3 where tenant_id = $1 and id = $2', [
            organization.id,
            status,
          ]);
        await become('SUSPENDED');
        await command(gateway, browser, 'petitionSubmitAttributes', { id: petition.id, attributes: {} });
        await become('ACTIVE');
        const administrator = await gateway.signedInUser({ isTenantAdministrator: true });
        return { browser: administrator.browser, input: { id: petition.id } };
      },
    },
  ],
  petitionSelectSourceRecord: [
    {
      prepare: async ({ gateway }: World) => {
        // It may be asked until the process ends, and keeps nobody from ending.
        const people = await startAskedPeople([{ key: 'ada', emails: ['ada@example.org'], familyName: 'Lovelace' }]);
        people.unref();
        const pipeline = await makePipeline(gateway.tenant);
        const source = await makePeopleSource(gateway.tenant, people, { pipelineId: pipeline.id });
        const flow = await makeFlow(gateway.tenant, {
          settings: {
            authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
            attributes: [attribute({ key: 'motive' })],
            sources: [{ sourceId: source.id, mode: SourceMode.SELECT, verifiesFamilyName: false }],
          },
        });
        const { browser } = await gateway.signedInUser({ isTenantAdministrator: true });
        const { petition } = await start(gateway, browser, flow.globalId);
        return { browser, input: { id: petition.id, sourceId: `src_${source.id}`, key: 'ada' } };
      },
    },
  ],
  petitionGiveEmail: [
    {
      prepare: async ({ gateway }: World) => {
        const { id: sourceId } = await makeSource(gateway.tenant);
        const flow = await makeFlow(gateway.tenant, {
          settings: {
            authorization: FlowAuthorization.SIGNED_IN,
            sources: [{ sourceId, mode: SourceMode.CLAIM, verifiesFamilyName: false }],
          },
        });
        const { browser } = await gateway.signedInUser();
        const { petition } = await start(gateway, browser, flow.globalId);
        return { browser, input: { id: petition.id, email: `claimed-${v7()}@example.org` } };
      },
      repeats: 'mails another link each time',
    },
  ],
  petitionChooseMatch: [
    {
      prepare: async ({ gateway }: World) => {
        const { id: matchSourceId } = await makeSource(gateway.tenant);
        const flow = await makeFlow(gateway.tenant, {
          settings: { authorization: FlowAuthorization.SIGNED_IN, match: MatchPolicy.EXTERNAL, matchSourceId },
        });
        const { browser } = await gateway.signedInUser();
        const { petition } = await start(gateway, browser, flow.globalId);
        const candidates = [{ referenceId: 'M-1', names: [], emails: [] }];
        await gateway.rows(
          `update petitions set waits_for = 'PETITIONER', progress = progress || $3::jsonb
           where tenant_id = $1 and id = $2`,
          [petition.id.slice(4), JSON.stringify({ matchCandidates: candidates })],
        );
        return { browser, input: { id: petition.id, referenceId: 'M-1' } };
      },
    },
  ],
  petitionSignInAtSource: [
    {
      prepare: async ({ gateway }: World) => {
        const source = await makeSignInSource(gateway);
        const { browser } = await gateway.signedInUser();
        const id = await waitingForSource(gateway, browser, source.id);
        return { browser, input: { id, sourceId: `src_${source.id}` } };
      },
    },
  ],
  petitionUndoMerge: [{ prepare: mergedPetition }],
  petitionDelete: [{ prepare: async (world: World) => ({ input: { id: await world.freshPetition() } }) }],
  petitionCancel: [{ prepare: (world: World) => enrolling(world, { comment: 'Not any more' }) }],
});

/** Petitions that wait for approval, or for the outcome of vetting. */
const waiting = async (world: World, settings: object = {}): Promise<{ id: string }> => {
  const { id } = await makeOrganization(world.gateway.tenant);
  const flow = await makeApproved(world.gateway, id, settings);
  const { petition } = await start(world.gateway, (await world.gateway.signedInUser()).browser, flow.globalId);
  return { id: petition.id as string };
};
Object.assign(CASES, {
  petitionApprove: [
    { prepare: async (world: World) => ({ input: { ...(await waiting(world)), comment: 'Known' } }) },
    {
      name: 'the first of two',
      prepare: async (world: World) => ({
        input: await waiting(world, { approvalRule: ApprovalRule.N_OF_M, approvalCount: 2 }),
      }),
    },
  ],
  petitionDeny: [{ prepare: async (world: World) => ({ input: { ...(await waiting(world)), comment: 'Unknown' } }) }],
  petitionFlagDuplicate: [{ prepare: async (world: World) => ({ input: await waiting(world) }) }],
  petitionComment: [
    {
      prepare: async (world: World) => ({ input: { ...(await waiting(world)), text: 'Ask the director' } }),
      repeats: 'each call leaves another comment',
    },
  ],
  petitionRecordVetting: [
    {
      prepare: async (world: World) => ({
        input: { ...(await waiting(world, { requestsVetting: true })), outcome: 'PASSED' },
      }),
    },
  ],
  approverDelegationCreate: [
    {
      prepare: async ({ browsers, freshMember }: World) => ({
        browser: browsers.self,
        input: {
          idempotencyKey: `delegation-${++serial}`,
          delegateId: await freshMember(),
          endsAt: new Date(Date.now() + 60_000).toISOString(),
        },
      }),
    },
  ],
  approverDelegationDelete: [{ prepare: async (world: World) => ({ input: { id: await world.freshDelegation() } }) }],
});

/** Second factors: of somebody who has just signed in. */
Object.assign(CASES, {
  factorTotpConfirm: [
    {
      prepare: async ({ gateway }: World) => {
        const { browser } = await gateway.signedInUser();
        const { secret } = await run(gateway, browser, 'factorTotpBegin');
        return { browser, input: { code: appOf(gateway, secret).codeAt(), name: 'Phone' } };
      },
    },
  ],
  factorPasskeyConfirm: [
    {
      prepare: async ({ gateway }: World) => {
        const { browser } = await gateway.signedInUser();
        const { options } = await run(gateway, browser, 'factorPasskeyBegin');
        return { browser, input: { response: createDevice().createJSON(gateway.url, options) } };
      },
    },
  ],
  factorProve: [
    {
      prepare: async ({ gateway }: World) => {
        const { browser } = await gateway.signedInUser();
        const app = await addTotp(gateway, browser);
        return { browser, input: { code: app.codeAt(1) } };
      },
    },
    {
      name: 'by a passkey',
      prepare: async ({ gateway }: World) => {
        const { browser } = await gateway.signedInUser();
        const device = createDevice();
        await addPasskey(gateway, browser, device);
        const { options } = await run(gateway, browser, 'factorProveBegin');
        return { browser, input: { response: device.getJSON(gateway.url, options) } };
      },
    },
  ],
  factorRename: [{ prepare: async (world: World) => ofProven(world, (id) => ({ id, name: 'Renamed' })) }],
  factorRemove: [{ prepare: async (world: World) => ofProven(world, (id) => ({ id })) }],
  userFactorsReset: [
    {
      prepare: async (world: World) => {
        const { userId } = await ofProven(world, (id) => ({ id }));
        return { input: { userId: `usr_${userId}` } };
      },
    },
  ],
  userFactorRetract: [
    {
      prepare: async (world: World) => {
        const input = { userId: await world.freshUser() };
        await run(world.gateway, world.browsers.tenantAdministrator, 'userFactorAssert', input);
        return { input };
      },
    },
  ],
  organizationEnter: [
    {
      prepare: async ({ gateway }: World) => {
        const { browser, userId } = await gateway.signedInUser();
        const organization = await makeOrganization(gateway.tenant);
        await makeMembership(gateway.tenant, { user: { id: userId }, organization });
        return { browser, input: { organizationId: `org_${organization.id}` } };
      },
    },
  ],
});

/** Somebody with an app that they have shown in their session; `input` is made from its id. */
async function ofProven({ gateway }: World, input: (id: string) => Record<string, unknown>) {
  const { browser, userId } = await gateway.signedInUser();
  const app = await addTotp(gateway, browser);
  await showTotp(gateway, browser, app);
  return { browser, userId, input: input(app.id) };
}

/** Mutations of just-in-time rules, where there is something to take away or to prove. */
const withRules = (
  input: object,
  prepare: (world: World, organization: { id: string }) => Promise<unknown>,
): Case[] => [
  {
    prepare: async (world) => {
      const organization = await makeOrganization(world.gateway.tenant);
      await prepare(world, organization);
      return { input: { organizationId: `org_${organization.id}`, ...input } };
    },
  },
];
const byConnection = (name: string): Record<string, Case[]> => ({
  [name]: [
    {
      prepare: async (world) => {
        const organization = await makeOrganization(world.gateway.tenant);
        const connectionId = await freshConnection(world);
        if (name.endsWith('Remove')) await addJitConnection(world.gateway, organization, connectionId.slice(4));
        return { input: { organizationId: `org_${organization.id}`, connectionIds: [connectionId] } };
      },
    },
  ],
});
const byRole = (name: string): Record<string, Case[]> => ({
  [name]: [
    {
      prepare: async (world) => {
        const organization = await makeOrganization(world.gateway.tenant);
        if (name.endsWith('Remove')) await makeJitRole(world.gateway, organization, 'member');
        const roleId = `rol_${world.gateway.tenant.roles.get('member')}`;
        return { input: { organizationId: `org_${organization.id}`, roleIds: [roleId] } };
      },
    },
  ],
});
const DOMAINS = ['state.example.com', '*.state.example.com'];
Object.assign(CASES, {
  organizationJitEmailDomainsAdd: withRules({ domains: DOMAINS }, async () => undefined),
  organizationJitEmailDomainsSet: withRules({ domains: DOMAINS }, ({ gateway }, organization) =>
    proveDomain(gateway, organization, 'before.example.com'),
  ),
  organizationJitEmailDomainsRemove: withRules({ domains: DOMAINS.slice(0, 1) }, ({ gateway }, organization) =>
    proveDomain(gateway, organization, DOMAINS[0]!),
  ),
  organizationJitEmailDomainVerify: withRules({ domain: DOMAINS[0] }, async ({ gateway }, organization) => {
    await proveDomain(gateway, organization, DOMAINS[0]!, { isProven: false });
    gateway.services.resolveTxt = async () => [['vestibule-domain=proven']];
  }),
  ...byConnection('organizationJitConnectionsAdd'),
  ...byConnection('organizationJitConnectionsSet'),
  ...byConnection('organizationJitConnectionsRemove'),
  ...byRole('organizationJitRolesAdd'),
  ...byRole('organizationJitRolesSet'),
  ...byRole('organizationJitRolesRemove'),
});

/** Mutations of permissions, roles and applications. */
Object.assign(CASES, {
  permissionUpdate: [
    {
      prepare: async (world: World) => {
        const id = await world.freshPermission(await world.freshRole());
        return { input: { id, name: `edited:${++serial}`, description: 'Edited' } };
      },
    },
  ],
  roleCreate: [
    {
      prepare: async (world: World) => ({
        input: { idempotencyKey: 'state-role', name: 'Made', permissionIds: [world.ids.Permission] },
      }),
    },
  ],
  roleUpdate: [
    {
      prepare: async (world: World) => ({
        input: { id: await world.freshRole(), name: `Edited ${++serial}`, description: 'Edited' },
      }),
    },
  ],
  roleDelete: [
    {
      name: 'that members have, and new ones would',
      prepare: async (world: World) => {
        const { gateway, ids } = world;
        const id = await world.freshRole();
        await world.freshPermission(id);
        await gateway.rows(
          `insert into membership_roles (id, tenant_id, membership_id, role_id, granted_at)
           values (gen_random_uuid(), $1, $2, $3, now())`,
          [ids.Membership.slice(4), id.slice(4)],
        );
        await gateway.rows(
          `insert into organization_jit_roles (id, tenant_id, organization_id, role_id)
           values (gen_random_uuid(), $1, $2, $3)`,
          [ids.Organization.slice(4), id.slice(4)],
        );
        return { input: { id } };
      },
    },
    {
      name: 'that applications have',
      prepare: async (world: World) => {
        const id = await world.freshRole('APPLICATION');
        await world.freshApplication(id);
        return { input: { id } };
      },
    },
  ],
  applicationCreate: [
    {
      prepare: async () => ({
        input: {
          ...{ idempotencyKey: 'state-application', name: 'Made', kind: 'WEB' },
          redirectUris: ['https://app.example.org/callback'],
        },
      }),
    },
  ],
  applicationUpdate: [
    {
      prepare: async (world: World) => {
        const { application } = await world.freshApplication();
        const changes = { name: 'Edited', description: 'Edited', status: 'DISABLED', isTenantAdministrator: true };
        return { input: { id: application, ...changes } };
      },
    },
  ],
  applicationDelete: [
    {
      name: 'that is in an organization, with a role',
      prepare: async (world: World) => ({
        input: { id: (await world.freshApplication(await world.freshRole('APPLICATION'))).application },
      }),
    },
  ],
  applicationSecretCreate: [
    {
      prepare: async (world: World) => ({
        input: { idempotencyKey: 'state-secret', id: (await world.freshApplication()).application },
      }),
    },
  ],
  organizationApplicationsAdd: [
    {
      prepare: async (world: World) => ({
        input: {
          organizationId: world.ids.Organization,
          applicationIds: [(await makeApplication(world.gateway)).application],
          roleIds: [await world.freshRole('APPLICATION')],
        },
      }),
    },
  ],
  organizationApplicationsReplace: [
    {
      name: 'by others',
      prepare: async (world: World) => {
        const { id } = await makeOrganization(world.gateway.tenant);
        await makeApplication(world.gateway, { organizationId: id });
        const { application } = await makeApplication(world.gateway);
        return { input: { organizationId: `org_${id}`, applicationIds: [application] } };
      },
    },
  ],
});

/** A logo that was set. */
async function freshLogo(world: World) {
  const logo = { organizationId: await world.freshOrganization(), kind: 'LIGHT' };
  await world.gateway.graphql(
    world.browsers.tenantAdministrator,
    'mutation ($input: OrganizationLogoSetInput!) { organizationLogoSet(input: $input) { userErrors { code } } }',
    { input: { ...logo, url: 'https://example.org/logo.svg' } },
  );
  return logo;
}

const memberRole = (world: World) => world.gateway.tenant.roles.get('member')!;

/** An organization with one administrator, who is signed in and nothing else there. */
async function administered(world: World) {
  const { tenant, signedInUser } = world.gateway;
  const organization = await makeOrganization(tenant);
  const { userId, browser } = await signedInUser();
  await makeMembership(tenant, { user: { id: userId }, organization, roles: ['administrator'] });
  return { organizationId: `org_${organization.id}`, userId: `usr_${userId}`, browser };
}

const asInput = ({ organizationId, userId }: { organizationId: string; userId: string }) => ({
  organizationId,
  userId,
});

/** Mutations about directories: what they give shows in members. */
Object.assign(CASES, {
  connectionScimTokenCreate: [
    {
      prepare: async (world: World) => ({
        input: {
          idempotencyKey: 'state-scim',
          id: world.otherConnection,
          name: 'State',
          expiresAt: '2099-01-01T00:00:00Z',
        },
      }),
    },
  ],
  scimGroupMap: [
    {
      name: 'with a role, of a group with users',
      prepare: async (world: World) => ({
        input: { id: await world.freshScimGroup(), organizationId: world.ids.Organization, roleId: world.ids.Role },
      }),
    },
  ],
  scimGroupUnmap: [
    {
      name: 'whose users go',
      prepare: async (world: World) => {
        const [id, organizationId] = [await world.freshScimGroup(), await world.freshOrganization()];
        await mapGroup(world.gateway, id.slice(4), organizationId.slice(4));
        return { input: { id, organizationId } };
      },
    },
  ],
});

/** Mutations about the links of petitions: the token says which petition. */
const byLink = (name: string): Case => ({
  name,
  prepare: async ({ gateway }) => ({ input: { token: (await makeConfirmation(gateway)).token }, browser: null }),
});

Object.assign(CASES, {
  petitionOpenConfirmation: [byLink('by nobody who is signed in')],
  petitionConfirm: [byLink('by nobody who is signed in')],
  petitionDecline: [byLink('by nobody who is signed in')],
  petitionResendConfirmation: [
    {
      prepare: async ({ gateway }: World) => ({ input: { id: (await makeConfirmation(gateway)).id } }),
      repeats: 'mails another link each time',
    },
  ],
});

/** A petition that was merged into a member, and gave them a name, a role in another organization and an identifier. */
/** A record that a pipeline has made a member of. */
async function linkedRecord({ gateway, ids }: World): Promise<{ id: string }> {
  const organizationId = ids.Organization.slice(4);
  const pipeline = await makePipeline(gateway.tenant, { organizationId, removal: PipelineRemoval.END_MEMBERSHIP });
  const source = await makeSource(gateway.tenant, { pipelineId: pipeline.id });
  const [record] = await take(gateway, source, [recordOf(`linked-${v7()}`)]);
  return { id: `rec_${record!.recordId}` };
}

async function mergedPetition({ gateway, browsers }: World): Promise<Prepared> {
  const { tenant } = gateway;
  const user = await makeUser(tenant, { familyName: null });
  await makeMembership(tenant, { user, organization: await makeOrganization(tenant) });
  const { globalId } = await makeFlow(tenant, {
    settings: {
      authorization: FlowAuthorization.TENANT_ADMINISTRATOR,
      duplicateMode: DuplicateMode.MERGE,
      attributes: PERSON,
      roleIds: [tenant.roles.get('member')!],
      assignedIdentifiers: [{ type: `merged-${++serial}`, format: '{number}' }],
    },
    organizationId: (await makeOrganization(tenant)).id,
  });
  const browser = browsers.tenantAdministrator;
  const { petition } = await start(gateway, browser, globalId);
  const attributes = { email: user.email, givenName: 'Ada', familyName: 'King' };
  await command(gateway, browser, 'petitionSubmitAttributes', { id: petition.id, attributes });
  return { input: { id: petition.id } };
}

async function freshConnection(world: World, status = ConnectionStatus.ENABLED): Promise<string> {
  const { id } = await makeConnection(world.gateway.tenant, { slug: `fresh-${++serial}`, status });
  return `con_${id}`;
}

/** How to call a mutation so that it changes something: as the matrix does, unless told here. */
export function casesOf(name: string): Case[] {
  return CASES[name] ?? [{ prepare: (world) => fromMatrix(world, name) }];
}

/** The mutations that are told of here. */
export const KNOWN_MUTATIONS = [...Object.keys(CASES), ...Object.keys(CHANGING_NOTHING)];

async function fromMatrix(world: World, name: string): Promise<Prepared> {
  const { arguments: given } = await callOf(world, `Mutation.${name}`);
  return { input: given.input as Record<string, unknown> };
}
