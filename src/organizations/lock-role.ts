import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Role } from '../entities/role.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

/** The role, locked until the transaction ends; Faults NOT_FOUND when it is gone. */
export async function lockRole(manager: EntityManager, id: string): Promise<Role> {
  const role = await manager.findOne(Role, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!role && fault(UserErrorCode.NOT_FOUND, 'There is no such role.', 'id')]);
  return role!;
}
