/**
 * The one-way imports of the house (CONTRIBUTING.md):
 *
 *   http, cli → resolvers → auth → (schema, features) → memberships → events → database → entities
 *
 * Features are sso, organizations, applications, joining, factors, provisioning, enrollment, users and tenants; none knows another. What several of them
 * do to memberships is below them. Types count: a type-only import is an import.
 */
const FEATURES = [
  'sso',
  'organizations',
  'applications',
  'joining',
  'factors',
  'provisioning',
  'enrollment',
  'users',
  'tenants',
];

/** What every layer above the entities may use: the context of an operation, its actor, its faults, its requests, secrets. */
const SHARED = [
  'context.ts',
  'actor.ts',
  'faults.ts',
  'outbound.ts',
  'openid-client.ts',
  'redirect-uri.ts',
  'return-to.ts',
  'secret.ts',
  'mailer.ts',
];

/** Folder → what of `src` it may import beside itself and SHARED. */
const LAYERS = {
  database: ['entities'],
  events: ['database', 'entities'],
  memberships: ['events', 'database', 'entities'],
  ...Object.fromEntries(FEATURES.map((feature) => [feature, ['memberships', 'events', 'database', 'entities']])),
  auth: ['schema', ...FEATURES, 'memberships', 'events', 'database', 'entities'],
  resolvers: ['auth', 'schema', ...FEATURES, 'memberships', 'events', 'database', 'entities'],
  http: [
    'resolvers',
    'auth',
    'schema',
    ...FEATURES,
    'memberships',
    'events',
    'database',
    'entities',
    'services.ts',
    'config.ts',
    'log.ts',
  ],
};

const within = (names) =>
  `^src/(${names.map((name) => (name.endsWith('.ts') ? `${name.replace('.', '\\.')}$` : `${name}/`)).join('|')})`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(LAYERS).map(([folder, allowed]) => ({
      name: `${folder}-imports-downwards`,
      comment: `${folder} may import ${[...allowed, ...SHARED].join(', ')}, and itself.`,
      severity: 'error',
      from: { path: within([folder]) },
      to: { path: '^src/', pathNot: within([folder, ...allowed, ...SHARED]) },
    })),
    {
      name: 'entities-know-nothing',
      comment: 'Entities are what is stored: no I/O, nothing of GraphQL, nothing above them.',
      severity: 'error',
      from: { path: '^src/entities/' },
      to: { path: '^src/', pathNot: '^src/entities/' },
    },
    {
      name: 'entities-do-no-io',
      comment: 'Of packages, entities use the mapper and ids alone.',
      severity: 'error',
      from: { path: '^src/entities/' },
      to: {
        dependencyTypes: ['npm', 'core'],
        pathNot: 'node_modules/(@mikro-orm/core|uuid)/|node_modules/@mikro-orm/core',
      },
    },
    {
      name: 'schema-takes-values-alone',
      comment:
        'Stored and shown are two things: of the entities, the schema takes enums and value objects; and the codes of faults.',
      severity: 'error',
      from: { path: '^src/schema/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(schema/|faults\\.ts$|entities/(enums|source-enums|exact-number|siret|email-address|event-order|member-order|organization-order)\\.ts$)',
      },
    },
    {
      name: 'graphql-stays-above',
      comment: 'What stores and decides does not know how it is asked.',
      severity: 'error',
      from: { path: within(['entities', 'database', 'events', 'memberships', ...FEATURES]) },
      to: { path: 'node_modules/(graphql|type-graphql|graphql-jit|@apollo|fastify|@fastify)/' },
    },
    {
      name: 'shared-files-stay-low',
      comment: `${SHARED.join(', ')} are used everywhere, so they use next to nothing.`,
      severity: 'error',
      from: { path: within(SHARED) },
      to: { path: '^src/', pathNot: within(['database', 'entities', ...SHARED]) },
    },
    {
      name: 'composition-stays-above',
      comment: 'What puts a process together is imported by entry points alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: within(['main.ts', 'serve.ts', 'compose.ts', 'cli', 'demo/run.ts']) },
      to: { path: within(['main.ts', 'serve.ts', 'compose.ts', 'jobs.ts']) },
    },
    {
      name: 'demonstration-is-loaded-on-demand',
      comment: 'A production image may leave the demonstration out: serve.ts and the command seed load it when asked.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/demo/' },
      to: { path: '^src/demo/', dynamic: false },
    },
    {
      name: 'demonstration-has-two-doors',
      comment: 'Nobody but serve.ts and the command seed knows the demonstration.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(demo/|serve\\.ts$|cli/seed\\.ts$)' },
      to: { path: '^src/demo/' },
    },
    {
      name: 'sources-do-not-know-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'packages-are-declared',
      comment: 'What runs in production is a dependency, and declared.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
