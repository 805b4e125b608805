import { Migration20261121SignIn } from './20261121-sign-in.js';

/** Every migration, oldest first. A released one is never edited. */
export const migrations = [{ name: '20261121-sign-in', class: Migration20261121SignIn }];
