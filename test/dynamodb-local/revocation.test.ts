import { openStore } from '../../runtime/store/index.ts';
import { conformsToRevocation } from '../runtime/identity/revocation/conformance.ts';
import { newTable } from '../support/table.ts';

describe('revocation over a table of DynamoDB Local', () => {
  let table: string;

  before(async () => {
    table = await newTable();
  });

  conformsToRevocation(() => openStore('/nowhere', { WEBTASK_DYNAMODB_TABLE: table }));
});
