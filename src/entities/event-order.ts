/** How a list of events is sorted. */
export enum EventOrder {
  NEWEST = 'NEWEST',
  OLDEST = 'OLDEST',
}
