export { createSecret, deriveSecret, hashSecret } from '../secret.js';
