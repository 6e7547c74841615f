/** `npm run test:issuer`: installs a real issuer into this folder, where it is not yet, and tests against it. */
import { testInstalled } from '../support/installed.ts';

testInstalled('issuer', 'The issuer is');
