/** The pages of the OpenID provider, made by whoever serves them. */
export interface Pages {
  /** `form` is oidc-provider's own, of id `op.logoutForm`; a field `logout` says yes. */
  confirmLogout(form: string): string;
  signedOut(): string;
  refused(code: string, description: string | undefined): string;
}
