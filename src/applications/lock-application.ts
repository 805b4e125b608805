import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Application } from '../entities/application.js';
import { fault, refuseFaults, UserErrorCode } from '../faults.js';

/** The application, locked until the transaction ends; Faults NOT_FOUND when it is gone. */
export async function lockApplication(manager: EntityManager, id: string): Promise<Application> {
  const application = await manager.findOne(Application, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!application && fault(UserErrorCode.NOT_FOUND, 'There is no such application.', 'id')]);
  return application!;
}
