/** The package has no types: it is a list of domains where anybody can have an address. */
declare module 'email-providers' {
  const domains: string[];
  export default domains;
}
