import ldap from 'ldapjs';
import { completePerson, LDAP_ADMIN, LDAP_BASE, type LdapPerson, type LdapServer } from './ldap-people.js';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from './localhost-certificate.js';

const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** A directory in this process: for machines without slapd. It knows binding, searching and pages, and no more. */
export async function startLdapInProcess(): Promise<LdapServer> {
  const people = new Map<string, LdapPerson>();
  const now = () => `${new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  const stamp = (uid: string, person: LdapPerson) => people.set(uid, { ...person, modifyTimestamp: now() });
  const servers = [
    ldap.createServer({}),
    ldap.createServer({ certificate: LOCALHOST_CERTIFICATE, key: LOCALHOST_KEY }),
  ];
  for (const server of servers) {
    server.bind('dc=example,dc=org', (request: any, response: any, next: any) => {
      const isRight = request.dn.toString() === LDAP_ADMIN.dn && request.credentials === LDAP_ADMIN.password;
      if (!isRight) return next(new ldap.InvalidCredentialsError());
      response.end();
      return next();
    });
    server.search('', (request: any, response: any, next: any) => {
      const base = request.dn.toString();
      if (!LDAP_BASE.endsWith(base)) return next(new ldap.NoSuchObjectError());
      // It compares its own names in small letters with these.
      response.attributes = response.attributes.map((name: string) => name.toLowerCase());
      const isKnown = request.connection.ldap.bindDN.toString() === LDAP_ADMIN.dn;
      const found = isKnown ? [...people].filter(([, person]) => meets(person, request.filter)) : [];
      const control = request.controls.find((one: any) => one.type === PAGED_RESULTS);
      const from = Number(control?.value.cookie?.toString() || 0);
      const until = control ? from + control.value.size : Infinity;
      for (const [uid, attributes] of found.slice(from, until)) {
        response.send({ dn: `uid=${uid},${LDAP_BASE}`, attributes }, true);
      }
      if (control) {
        const cookie = Buffer.from(until < found.length ? String(until) : '');
        response.addControl(new (ldap as any).PagedResultsControl({ value: { size: found.length, cookie } }));
      }
      response.end();
      return next();
    });
  }
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve(Number(new URL(server.url.replace(/^ldaps?/, 'http')).port))),
        ),
    ),
  );
  return {
    kind: 'ldapjs',
    url: `ldap://localhost:${ports[0]}`,
    secureUrl: `ldaps://localhost:${ports[1]}`,
    add: async (uid, person) => void stamp(uid, completePerson(uid, person)),
    replace: async (uid, attribute, values) => {
      const { [attribute]: _, ...person } = people.get(uid)!;
      stamp(uid, values.length ? { ...person, [attribute]: values } : person);
    },
    remove: async (uid) => void people.delete(uid),
    stop: async () => {
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

/** As directories compare: without regard to case. */
function meets(person: LdapPerson, filter: any): boolean {
  const name = Object.keys(person).find((one) => one.toLowerCase() === String(filter.attribute).toLowerCase());
  const values = name ? [person[name]!].flat().map((value) => String(value).toLowerCase()) : [];
  const wanted = String(filter.value ?? '')
    .replace(/\\([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .toLowerCase();
  switch (filter.type) {
    case 'AndFilter':
      return filter.filters.every((one: any) => meets(person, one));
    case 'OrFilter':
      return filter.filters.some((one: any) => meets(person, one));
    case 'EqualityFilter':
      // The schema's superiors of the one class that there is.
      return name === 'objectClass' ? ['inetorgperson', 'person'].includes(wanted) : values.includes(wanted);
    case 'GreaterThanEqualsFilter':
      return values.some((value) => value >= wanted);
    case 'SubstringFilter':
      return values.some((value) => value.startsWith(filter.initial ?? '') && value.endsWith(filter.final ?? ''));
    default:
      return values.length > 0;
  }
}
