/** `npm run test:clients`: installs the original clients into this folder, where they are not yet, and runs their tests. */
import { testInstalled } from '../support/installed.ts';

testInstalled('clients', 'The original clients are');
