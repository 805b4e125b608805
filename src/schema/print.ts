import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLSchema, lexicographicSortSchema } from 'graphql';
import { Requirement } from './requirement.js';

/** The schema as `schema.graphql` has it, with `@auth` where it is enforced. */
export function printSchema(schema: GraphQLSchema): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema)).trim()}\n`;
}

const KEYS = ['Organization', 'User', 'Membership', 'Connection'];
const FEDERATION = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@authenticated", "@requiresScopes", "@composeDirective"])
  @link(url: "https://vestibule.dev/auth/v1.0", import: ["@auth"])
  @composeDirective(name: "@auth")
`;

/** What a requirement is to a router: anything but PUBLIC, and what the token of a
 * petition opens, needs a caller; the tenant's administration a scope. */
const ROUTER_DIRECTIVES: Record<Requirement, string> = {
  [Requirement.PUBLIC]: '',
  [Requirement.SIGNED_IN]: ' @authenticated',
  [Requirement.SELF]: ' @authenticated',
  [Requirement.PETITION_PARTY]: '',
  [Requirement.PETITION_APPROVER]: ' @authenticated',
  [Requirement.ORGANIZATION_MEMBER]: ' @authenticated',
  [Requirement.ORGANIZATION_ADMINISTRATOR]: ' @authenticated',
  [Requirement.TENANT_ADMINISTRATOR]: ' @requiresScopes(scopes: [["tenant:administer"]])',
};

/** The schema as a federation router composes it. */
export function printFederationSchema(printed: string): string {
  const own = printed
    .replace(/^schema \{[^}]*\}\n*/m, '')
    .replace(
      /^("""(?:(?!""")[\s\S])*"""\n)?(scalar _Any\b.*|union _Entity\b[^\n]*|type _Service\b[^{]*\{[\s\S]*?\n\})\n*/gm,
      '',
    )
    .replace(
      /^ {2}"""(?:(?!""")[\s\S])*"""\n {2}(_entities\([\s\S]*?\n {2}\): [^\n]*|_entities\([^\n]*|_service: [^\n]*)\n/gm,
      '',
    )
    .replace(/^((?:type|interface) [^{\n]*)\{/gm, (line, head: string) => {
      const name = head.split(' ')[1]!;
      if (KEYS.includes(name)) return `${head}@key(fields: "id") {`;
      return name === 'PageInfo' ? `${head}@shareable {` : line;
    });
  const lines = own.split('\n');
  let kind = '';
  const guarded = lines.map((line) => {
    kind = /^(type|input|interface|enum) /.exec(line)?.[1] ?? kind;
    const requirement = /@auth\(requires: (\w+)\)/.exec(line)?.[1] as Requirement | undefined;
    if (!requirement || kind !== 'type') return line;
    return line.replace(/ @auth\(requires: \w+\)/, (auth) => auth + ROUTER_DIRECTIVES[requirement]);
  });
  return `${FEDERATION}\n${guarded.join('\n').trim()}\n`;
}
