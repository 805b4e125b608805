/** A subscription that cannot begin or go on, for a reason that its subscriber is told: `code` is for programs. */
export class LiveRefusal extends Error {
  constructor(
    readonly code: 'BAD_USER_INPUT' | 'TOO_MANY_SUBSCRIPTIONS' | 'SERVICE_UNAVAILABLE',
    message: string,
  ) {
    super(message);
  }
}
