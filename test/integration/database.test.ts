import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { RetryTransaction, runSql, stateOf, transact } from '../../src/database/transact.js';
import { Organization } from '../../src/entities/organization.js';
import { User } from '../../src/entities/user.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  makeConnection,
  makeMembership,
  makeOrganization,
  makeUser,
  type SeededTenant,
  seedTenant,
} from '../support/factories.js';

const isOnServer = process.env.DATABASE_URL !== undefined;
/** What is about one kind of database is a test there alone. */
const onServer = (name: string, tests: () => void) => void (isOnServer && describe(name, tests));
const embedded = (name: string, tests: () => void) => void (!isOnServer && describe(name, tests));

let test: TestDatabase;
let one: SeededTenant;
let other: SeededTenant;

beforeAll(async () => {
  // One connection shows every tenant in turn, so that what one leaves behind would be seen by the next.
  test = await createTestDatabase({ poolSize: 3 });
  one = await seedTenant(test.database, 'one');
  other = await seedTenant(test.database, 'other');
});

afterAll(() => test?.close());

const FOREIGN_KEY_VIOLATION = '23503';
const UNIQUE_VIOLATION = '23505';
const INSUFFICIENT_PRIVILEGE = '42501';
const RAISED = 'P0001';

/** The SQLSTATE that the work is refused with. */
async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => 'nothing was refused',
    (error: unknown) => stateOf(error) ?? String(error),
  );
}

describe('rows of two tenants', () => {
  it('cannot be tied together: a membership of another tenant’s user is refused', async () => {
    const [stranger, organization] = [await makeUser(other), await makeOrganization(one)];
    expect(await refusal(makeMembership(one, { user: stranger, organization }))).toBe(FOREIGN_KEY_VIOLATION);
  });

  it('cannot be tied together: a membership in another tenant’s organization is refused', async () => {
    const [user, foreign] = [await makeUser(one), await makeOrganization(other)];
    expect(await refusal(makeMembership(one, { user, organization: foreign }))).toBe(FOREIGN_KEY_VIOLATION);
  });

  it('cannot be tied together: a membership made by another tenant’s connection is refused', async () => {
    const facts = {
      user: await makeUser(one),
      organization: await makeOrganization(one),
      connection: await makeConnection(other),
    };
    expect(await refusal(makeMembership(one, facts))).toBe(FOREIGN_KEY_VIOLATION);
  });

  it('may use one SIRET and one email address each, which a tenant may use once', async () => {
    const facts = { siret: '13002526500013' };
    await makeOrganization(one, facts);
    await makeOrganization(other, facts);
    expect(await refusal(makeOrganization(one, facts))).toBe(UNIQUE_VIOLATION);
    await makeUser(one, { email: 'anna@example.org' });
    await makeUser(other, { email: 'anna@example.org' });
    expect(await refusal(makeUser(one, { email: 'Anna@Example.ORG' }))).toBe(UNIQUE_VIOLATION);
  });

  it('are apart in the entity manager: a transaction of one tenant finds no row of the other', async () => {
    const stranger = await makeUser(other);
    expect(await transact(test.database, one.id, (manager) => manager.findOne(User, stranger.id))).toBeNull();
    expect(await transact(test.database, other.id, (manager) => manager.findOne(User, stranger.id))).not.toBeNull();
  });
});

describe('the schema', () => {
  const TENANT_TABLES = `
    select c.oid, c.relname as "table", c.relrowsecurity and c.relforcerowsecurity as "isForced"
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`;

  it('has the tenant in every table, but for the tenants themselves and the list of migrations', async () => {
    const rows = await test.database.read<{ table: string }>(
      null,
      `select relname as "table" from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
         and oid not in (select oid from (${TENANT_TABLES}) as t) order by 1`,
      [],
    );
    expect(rows.map(({ table }) => table)).toEqual(['tenants', 'vestibule_migrations']);
  });

  it('has row-level security on every table of tenants, its owner included', async () => {
    const rows = await test.database.read<{ table: string; isForced: boolean }>(null, TENANT_TABLES, []);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(({ isForced }) => !isForced)).toEqual([]);
  });

  it('has the tenant in every unique index and every foreign key of these tables, but for the primary key', async () => {
    const rows = await test.database.read(
      null,
      `with tables as (${TENANT_TABLES})
       select i.indexrelid::regclass::text as name from pg_index i join tables t on t.oid = i.indrelid
       where i.indisunique and not i.indisprimary
         and not exists (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (i.indkey))
       union all
       select k.conname from pg_constraint k join tables t on t.oid = k.conrelid
       where k.contype = 'f'
         and not exists (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnum = any (k.conkey))`,
      [],
    );
    expect(rows).toEqual([]);
  });
});

onServer('row-level security', () => {
  const readUsers = (tenantId: string | null) =>
    test.database.read<{ id: string }>(tenantId, 'select id from users', []);
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);

  it('binds the role of these tests', async () => {
    const [role] = await test.database.read<{ isBound: boolean }>(
      null,
      'select not (rolsuper or rolbypassrls) as "isBound" from pg_roles where rolname = current_user',
      [],
    );
    expect(role).toEqual({ isBound: true });
  });

  it('hides other tenants’ rows from a read that forgot to ask for its own', async () => {
    const [own, stranger] = [await makeUser(one), await makeUser(other)];
    expect(idsOf(await readUsers(one.id))).toContain(own.id);
    expect(idsOf(await readUsers(one.id))).not.toContain(stranger.id);
    expect(idsOf(await readUsers(other.id))).toContain(stranger.id);
    expect(idsOf(await readUsers(other.id))).not.toContain(own.id);
  });

  it('hides other tenants’ rows from statements in a transaction', async () => {
    const [own, stranger] = [await makeUser(one), await makeUser(other)];
    const seen = await transact(test.database, one.id, (manager) =>
      runSql<{ id: string }>(manager, 'select id from users'),
    );
    expect(idsOf(seen)).toContain(own.id);
    expect(idsOf(seen)).not.toContain(stranger.id);
  });

  it('shows a connection that comes from one tenant only the rows of the next, under concurrency too', async () => {
    const [own, stranger] = [await makeUser(one), await makeUser(other)];
    const reads = Array.from({ length: 60 }, async (_, index) => {
      const [asked, hidden] = index % 2 ? [one, stranger] : [other, own];
      const fails = index % 5 === 0;
      const seen = await transact(test.database, asked.id, async (manager) => {
        const rows = await runSql<{ id: string }>(manager, 'select id from users');
        if (fails) throw Object.assign(new Error('rolled back'), { rows });
        return rows;
      }).catch((error: Error & { rows?: { id: string }[] }) => {
        if (!error.rows) throw error;
        return error.rows;
      });
      return { count: seen.length, isHidden: !idsOf(seen).includes(hidden.id) };
    });
    for (const { count, isHidden } of await Promise.all(reads)) {
      expect(count).toBeGreaterThan(0);
      expect(isHidden).toBe(true);
    }
  });

  it('refuses to write a row of another tenant', async () => {
    const insert = transact(test.database, one.id, (manager) =>
      runSql(manager, `insert into roles (id, tenant_id, name) values ($1, $2, 'smuggled')`, [v7(), other.id]),
    );
    expect(await refusal(insert)).toBe(INSUFFICIENT_PRIVILEGE);
  });

  it('changes and deletes no row of another tenant', async () => {
    const stranger = await makeUser(other, { givenName: 'Untouched' });
    const changed = await transact(test.database, one.id, async (manager) => [
      ...(await runSql(manager, `update users set given_name = 'Changed' where id = $1 returning id`, [stranger.id])),
      ...(await runSql(manager, 'delete from users where id = $1 returning id', [stranger.id])),
    ]);
    expect(changed).toEqual([]);
    expect(
      await transact(test.database, other.id, (manager) => manager.findOneOrFail(User, stranger.id)),
    ).toMatchObject({
      givenName: 'Untouched',
    });
  });

  it('shows nothing of any table when no tenant is set', async () => {
    await makeUser(one);
    const tables = await test.database.read<{ table: string }>(
      null,
      `select table_name as "table" from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id'`,
      [],
    );
    expect(tables.length).toBeGreaterThan(10);
    for (const { table } of tables) {
      expect({ table, rows: await test.database.read(null, `select 1 from ${table} limit 1`, []) }).toEqual({
        table,
        rows: [],
      });
    }
  });
});

describe('events', () => {
  it('cannot be updated, not even to what they say already', async () => {
    const id = v7();
    await transact(test.database, one.id, (manager) =>
      runSql(
        manager,
        `insert into events (id, tenant_id, type, at, actor_kind, via) values ($1, $2, 'TEST', now(), 'SYSTEM', 'test')`,
        [id, one.id],
      ),
    );
    const update = transact(test.database, one.id, (manager) =>
      runSql(manager, 'update events set type = type where id = $1', [id]),
    );
    expect(await refusal(update)).toBe(RAISED);
    expect(await test.database.read(one.id, 'select type from events where id = $1', [id])).toEqual([{ type: 'TEST' }]);
  });
});

describe('transact', () => {
  it('rolls back everything when its work throws, what was flushed and what was written by hand', async () => {
    const userId = v7();
    const roleName = `role-${userId}`;
    const work = transact(test.database, one.id, async (manager) => {
      manager.create(User, { id: userId, tenantId: one.id });
      await manager.flush();
      await runSql(manager, 'insert into roles (id, tenant_id, name) values ($1, $2, $3)', [v7(), one.id, roleName]);
      throw new Error('stop here');
    });
    await expect(work).rejects.toThrow('stop here');
    expect(
      await test.database.read(
        one.id,
        'select 1 from users where id = $1 union all select 1 from roles where name = $2',
        [userId, roleName],
      ),
    ).toEqual([]);
  });

  it('can be used on after a statement failed', async () => {
    const work = transact(test.database, one.id, (manager) => runSql(manager, 'select 1 / 0'));
    await expect(work).rejects.toThrow('division by zero');
    expect(await transact(test.database, one.id, (manager) => runSql(manager, 'select 1 as one'))).toEqual([
      { one: 1 },
    ]);
  });

  it('runs again when its premises changed, and keeps only the run that was accepted', async () => {
    let runs = 0;
    const name = `kept-${v7()}`;
    await transact(test.database, one.id, async (manager) => {
      runs++;
      await runSql(manager, 'insert into roles (id, tenant_id, name) values ($1, $2, $3)', [v7(), one.id, name]);
      if (runs < 3) throw new RetryTransaction();
    });
    expect(runs).toBe(3);
    expect(await test.database.read(one.id, 'select name from roles where name = $1', [name])).toEqual([{ name }]);
  });

  it('gives up after six runs and throws what the last one threw', async () => {
    let runs = 0;
    const work = transact(test.database, one.id, async () => {
      runs++;
      throw new RetryTransaction(`run ${runs}`);
    });
    await expect(work).rejects.toThrow('run 6');
    expect(runs).toBe(6);
  });

  it('does not run again what failed for another reason', async () => {
    let runs = 0;
    const work = transact(test.database, one.id, async () => {
      runs++;
      throw new Error('a fault');
    });
    await expect(work).rejects.toThrow('a fault');
    expect(runs).toBe(1);
  });

  it('loses no increment of concurrent transactions that lock the row they read', async () => {
    const { id } = await makeOrganization(one, { nameLookupAttempts: 0 });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        transact(test.database, one.id, async (manager) => {
          const [row] = await runSql<{ attempts: number }>(
            manager,
            'select name_lookup_attempts as attempts from organizations where id = $1 for update',
            [id],
          );
          await runSql(manager, 'update organizations set name_lookup_attempts = $2 where id = $1', [
            id,
            row!.attempts + 1,
          ]);
        }),
      ),
    );
    const saved = await transact(test.database, one.id, (manager) => manager.findOneOrFail(Organization, id));
    expect(saved.nameLookupAttempts).toBe(20);
  });
});

onServer('transact on a server', () => {
  it('runs a transaction again that lost a deadlock', async () => {
    const [first, second] = [await makeOrganization(one), await makeOrganization(one)];
    let runs = 0;
    let meet!: () => void;
    const bothHoldOne = new Promise<void>((resolve) => (meet = resolve));
    let holding = 0;
    const crossing = (ids: [string, string]) =>
      transact(test.database, one.id, async (manager) => {
        runs++;
        const lock = (id: string) => runSql(manager, 'select 1 from organizations where id = $1 for update', [id]);
        await lock(ids[0]);
        if (++holding === 2) meet();
        await bothHoldOne;
        await lock(ids[1]);
        await runSql(
          manager,
          'update organizations set name_lookup_attempts = name_lookup_attempts + 1 where id = any($1)',
          [ids],
        );
      });
    await Promise.all([crossing([first.id, second.id]), crossing([second.id, first.id])]);
    expect(runs).toBe(3);
    expect(
      await test.database.read(one.id, 'select name_lookup_attempts as n from organizations where id = any($1)', [
        [first.id, second.id],
      ]),
    ).toEqual([{ n: 2 }, { n: 2 }]);
  });
});

embedded('the embedded database', () => {
  it('runs concurrent transactions one after another', async () => {
    const log: string[] = [];
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        transact(test.database, one.id, async (manager) => {
          await runSql(manager, 'select 1');
          log.push(`${index} begins`);
          await runSql(manager, 'select 1');
          await runSql(manager, 'select 1');
          log.push(`${index} ends`);
        }),
      ),
    );
    expect(log).toHaveLength(16);
    for (let at = 0; at < log.length; at += 2) expect(log[at + 1]).toBe(log[at]!.replace('begins', 'ends'));
  });

  it('lets a read from outside wait for the transaction that is open', async () => {
    const name = `waited-${v7()}`;
    let isOpen!: () => void;
    const opened = new Promise<void>((resolve) => (isOpen = resolve));
    let proceed!: () => void;
    const mayProceed = new Promise<void>((resolve) => (proceed = resolve));
    const writing = transact(test.database, one.id, async (manager) => {
      await runSql(manager, 'insert into roles (id, tenant_id, name) values ($1, $2, $3)', [v7(), one.id, name]);
      isOpen();
      await mayProceed;
    });
    await opened;
    const seen = test.database.read(one.id, 'select name from roles where name = $1', [name]);
    proceed();
    await writing;
    expect(await seen).toEqual([{ name }]);
  });

  it('throws, instead of waiting for itself, when a transaction reads outside of itself', async () => {
    const work = transact(test.database, one.id, async (manager) => {
      await runSql(manager, 'select 1');
      return test.database.read(one.id, 'select 1 as one', []);
    });
    await expect(work).rejects.toThrow('second connection');
    expect(await test.database.read(one.id, 'select 1 as one', [])).toEqual([{ one: 1 }]);
  });

  it('throws, instead of waiting for itself, when a transaction begins another', async () => {
    let waited: NodeJS.Timeout;
    const tooLong = new Promise<string>((resolve) => (waited = setTimeout(resolve, 3_000, 'it waited for itself')));
    const outcome = await transact(test.database, one.id, async (manager) => {
      await runSql(manager, 'select 1');
      const inner = transact(test.database, one.id, (another) => runSql(another, 'select 1')).then(
        () => 'both ran',
        (error: Error) => error.message,
      );
      return Promise.race([inner, tooLong]);
    });
    clearTimeout(waited!);
    expect(outcome).toContain('A transaction is open already');
  });
});
