import { Migration20261126Sources } from './20261126-sources.js';
import { Migration20261125Enrollment } from './20261125-enrollment.js';
import { Migration20261124FactorsAndDirectories } from './20261124-factors-and-directories.js';
import { Migration20261123Organizations } from './20261123-organizations.js';
import { Migration20261122Events } from './20261122-events.js';
import { Migration20261121SignIn } from './20261121-sign-in.js';

/** Every migration, oldest first. A released one is never edited. */
export const migrations = [
  { name: '20261121-sign-in', class: Migration20261121SignIn },
  { name: '20261122-events', class: Migration20261122Events },
  { name: '20261123-organizations', class: Migration20261123Organizations },
  { name: '20261124-factors-and-directories', class: Migration20261124FactorsAndDirectories },
  { name: '20261125-enrollment', class: Migration20261125Enrollment },
  { name: '20261126-sources', class: Migration20261126Sources },
];
