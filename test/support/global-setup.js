import { tsImport } from 'tsx/esm/api';

/** Jest does not transform what its global setup imports, so tsx does. */
export default async function globalSetup() {
  const { prepareDatabases } = await tsImport('./prepare-databases.ts', import.meta.url);
  await prepareDatabases();
}
