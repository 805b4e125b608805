import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Attribute, Change, Client } from 'ldapts';
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from './localhost-certificate.js';
import { findFreePort, findInstalled, makeFolder, runServer } from './process-server.js';
import { startLdapInProcess } from './ldap-in-process.js';
import { completePerson, LDAP_ADMIN, LDAP_BASE, type LdapPerson, type LdapServer } from './ldap-people.js';

/** Starts a directory with people, each an inetOrgPerson named by its uid. */
export async function startLdapServer(people: Record<string, LdapPerson> = {}): Promise<LdapServer> {
  const server = (await startSlapd()) ?? (await startLdapInProcess());
  process.stderr.write(`[sources] the directory of this test is ${server.kind}\n`);
  for (const [uid, person] of Object.entries(people)) await server.add(uid, person);
  return server;
}

async function startSlapd(): Promise<LdapServer | null> {
  const program = findInstalled('/usr/sbin/slapd', '/usr/libexec/slapd', '/usr/local/libexec/slapd');
  const schemas = findInstalled('/etc/ldap/schema', '/etc/openldap/schema', '/usr/local/etc/openldap/schema');
  if (!program || !schemas) return null;
  const modules = findInstalled('/usr/lib/ldap', '/usr/lib/openldap', '/usr/lib64/openldap');
  const folder = await makeFolder('slapd');
  const [port, securePort] = [await findFreePort(), await findFreePort()];
  const file = (name: string) => join(folder, name);
  await writeFile(file('cert.pem'), LOCALHOST_CERTIFICATE);
  await writeFile(file('key.pem'), LOCALHOST_KEY, { mode: 0o600 });
  const lines = [
    ...['core', 'cosine', 'inetorgperson'].map((name) => `include ${schemas}/${name}.schema`),
    ...(modules ? [`modulepath ${modules}`, 'moduleload back_mdb'] : []),
    `pidfile ${file('slapd.pid')}`,
    `TLSCertificateFile ${file('cert.pem')}`,
    `TLSCertificateKeyFile ${file('key.pem')}`,
    `TLSCACertificateFile ${file('cert.pem')}`,
    'database mdb',
    'maxsize 104857600',
    'suffix "dc=example,dc=org"',
    `rootdn "${LDAP_ADMIN.dn}"`,
    `rootpw "${LDAP_ADMIN.password}"`,
    `directory ${folder}`,
    'index objectClass,uid,mail,employeeNumber,modifyTimestamp eq',
    // Whoever is nobody finds nobody.
    'access to * by anonymous auth by users read',
    'sizelimit 500',
  ];
  await writeFile(file('slapd.conf'), `${lines.join('\n')}\n`);
  const addresses = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${securePort}`;
  const running = await runServer(program, ['-d', '0', '-f', file('slapd.conf'), '-h', addresses], { port, folder });
  const client = new Client({ url: `ldap://127.0.0.1:${port}` });
  await client.bind(LDAP_ADMIN.dn, LDAP_ADMIN.password);
  await client.add('dc=example,dc=org', { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' });
  await client.add(LDAP_BASE, { objectClass: 'organizationalUnit', ou: 'people' });
  const named = (uid: string) => `uid=${uid.replaceAll('\\', '\\5c')},${LDAP_BASE}`;
  return {
    kind: 'slapd',
    url: `ldap://localhost:${port}`,
    secureUrl: `ldaps://localhost:${securePort}`,
    add: (uid, person) =>
      client.add(
        named(uid),
        Object.entries(completePerson(uid, person)).map(
          ([type, values]) => new Attribute({ type, values: (Array.isArray(values) ? values : [values]) as string[] }),
        ),
      ),
    replace: (uid, type, values) =>
      client.modify(named(uid), new Change({ operation: 'replace', modification: new Attribute({ type, values }) })),
    remove: (uid) => client.del(named(uid)),
    async stop() {
      await client.unbind();
      await running.stop();
    },
  };
}
