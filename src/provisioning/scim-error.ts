/** What RFC 7644 (section 3.12) lets an error be of. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive';

const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** A refusal in the words of SCIM: thrown inside a transaction, it undoes it. */
export class ScimError extends Error {
  constructor(
    readonly status: number,
    readonly scimType: ScimType | null,
    detail: string,
  ) {
    super(detail);
  }

  /** The body of the answer (RFC 7644, section 3.12). */
  toJSON() {
    const { status, scimType, message: detail } = this;
    return { schemas: [ERROR_SCHEMA], ...(scimType ? { scimType } : {}), detail, status: String(status) };
  }
}

export const invalidValue = (detail: string) => new ScimError(400, 'invalidValue', detail);
export const invalidFilter = (detail: string) => new ScimError(400, 'invalidFilter', detail);
export const notFound = (type: string) => new ScimError(404, null, `There is no such ${type}.`);
export const uniqueness = (detail: string) => new ScimError(409, 'uniqueness', detail);
