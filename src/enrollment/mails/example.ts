import { type PetitionMailKind, PetitionStatus } from '../../entities/enums.js';
import { isConfirmation } from './render.js';
import type { MailAttribute, MailValues } from './variables.js';

const STATUSES: Partial<Record<PetitionMailKind, PetitionStatus>> = {
  CONFIRMATION: PetitionStatus.PENDING_CONFIRMATION,
  CONFIRMATION_REMINDER: PetitionStatus.PENDING_CONFIRMATION,
  EMAIL_PROOF: PetitionStatus.CREATED,
  APPROVED: PetitionStatus.APPROVED,
  DENIED: PetitionStatus.DENIED,
  FINALIZED: PetitionStatus.FINALIZED,
  EXPIRED: PetitionStatus.EXPIRED,
};

const PETITION = 'pet_0199a1b2-c3d4-7e5f-8a6b-000000000000';

/** Values to show or try a template with. */
export function exampleValues(
  kind: PetitionMailKind,
  { publicUrl = 'https://app.example.org', ...about }: Partial<MailValues> & { publicUrl?: string } = {},
): MailValues {
  return {
    flowName: 'Joining the team',
    organizationName: 'Example Organization',
    recipientName: 'Camille Durand',
    enrolleeName: 'Camille Durand',
    petitionerName: 'Sacha Martin',
    link: isConfirmation(kind)
      ? `${publicUrl}/petitions/confirm#token=example`
      : `${publicUrl}/petitions#petition=${PETITION}`,
    expiresAt: new Date('2030-01-31T12:00:00.000Z'),
    decisionComment: 'This is what the approver wrote.\nIt may have several lines.',
    status: STATUSES[kind] ?? PetitionStatus.PENDING_APPROVAL,
    attributes: [{ key: 'department', label: 'Department', value: 'Research & Development' }],
    ...about,
  };
}

/** The same where nothing is known that may be unknown. */
export function barestValues(kind: PetitionMailKind): MailValues {
  const nobody = { organizationName: '', recipientName: '', enrolleeName: '', petitionerName: '' };
  const attributes: MailAttribute[] = [];
  return exampleValues(kind, { ...nobody, expiresAt: null, decisionComment: '', attributes });
}
