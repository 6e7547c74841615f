/// <reference path="./dynalite.d.ts" />
/**
 * The parts of dynalite that the embedded store is made of. Loaded late, as a whole.
 */
import createTable from 'dynalite/actions/createTable.js';
import deleteItem from 'dynalite/actions/deleteItem.js';
import getItem from 'dynalite/actions/getItem.js';
import putItem from 'dynalite/actions/putItem.js';
import query from 'dynalite/actions/query.js';
import scan from 'dynalite/actions/scan.js';
import db from 'dynalite/db/index.js';
import ofCreateTable from 'dynalite/validations/createTable.js';
import ofDeleteItem from 'dynalite/validations/deleteItem.js';
import ofGetItem from 'dynalite/validations/getItem.js';
import validations from 'dynalite/validations/index.js';
import ofPutItem from 'dynalite/validations/putItem.js';
import ofQuery from 'dynalite/validations/query.js';
import ofScan from 'dynalite/validations/scan.js';

export { db, validations };

/** What carries an operation out, and what its input is checked against. */
export const ACTIONS = {
  CreateTable: [createTable, ofCreateTable],
  GetItem: [getItem, ofGetItem],
  PutItem: [putItem, ofPutItem],
  DeleteItem: [deleteItem, ofDeleteItem],
  Query: [query, ofQuery],
  Scan: [scan, ofScan],
} as const;
