/** How a list of organizations is sorted. */
export enum OrganizationOrder {
  CREATED_AT = 'CREATED_AT',
  NAME = 'NAME',
}
