/** How a list of members is sorted. */
export enum MemberOrder {
  JOINED_AT = 'JOINED_AT',
  NAME = 'NAME',
}
