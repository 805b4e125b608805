/** An entry below {@link LDAP_BASE}: its attributes, with all values. */
export type LdapPerson = Record<string, string | string[] | Buffer>;

export const LDAP_BASE = 'ou=people,dc=example,dc=org';
export const LDAP_ADMIN = { dn: 'cn=admin,dc=example,dc=org', password: 'the password of the directory' };

/** A directory of this test. */
export interface LdapServer {
  /** `slapd` (OpenLDAP) where it is installed, `ldapjs` in this process elsewhere. */
  kind: 'slapd' | 'ldapjs';
  /** ldap:// and ldaps:// at the loopback, by the name `localhost`. */
  url: string;
  secureUrl: string;
  add(uid: string, person: LdapPerson): Promise<void>;
  replace(uid: string, attribute: string, values: string[]): Promise<void>;
  remove(uid: string): Promise<void>;
  stop(): Promise<void>;
}

/** What an inetOrgPerson needs besides. */
export function completePerson(uid: string, person: LdapPerson): LdapPerson {
  return { objectClass: ['inetOrgPerson'], uid, cn: uid, sn: uid, ...person };
}
