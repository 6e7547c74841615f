export { type Acts, createActs, type Subject } from './acts.ts';
export { createJournal } from './journal.ts';
