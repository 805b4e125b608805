/** What rows of types with global ids have. */
export interface NodeRow<Type extends string> {
  __typename: Type;
  /** The global id. */
  id: string;
  uuid: string;
}
