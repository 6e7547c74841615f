import type { ErrorEntry } from './entry.ts';

/** Errors of projects: their files, their tests, and new ones. */
export const PROJECT_ERRORS = {
  // project
  PROJECT_INVALID: { status: 500, fault: 'caller', text: '{file} cannot be used: {reason}.' },
  SECRET_MISSING: {
    status: 500,
    fault: 'caller',
    text: 'The secret {name} is neither in the environment nor in .env.',
    fix: 'Add this line to .env: {name}=…',
  },
  SECRET_RESERVED: {
    status: 400,
    fault: 'caller',
    text: 'The name {name} is reserved: what begins with WEBTASK_ never becomes a secret.',
    fix: 'Give the secret another name.',
  },
  // harness
  HARNESS_NO_FILE: {
    status: 500,
    fault: 'caller',
    text: 'The webtask {file} cannot be read.',
    fix: 'Paths of webtasks are taken from the working directory.',
  },
  HARNESS_NAME_TWICE: {
    status: 500,
    fault: 'caller',
    text: 'Both {first} and {second} would be the webtask {name}.',
    fix: 'Rename one of them: a webtask is built, served and stored by its name.',
  },
  HARNESS_OPTION: {
    status: 500,
    fault: 'caller',
    text: '{what} has no {name}.',
    fix: 'It may have: {known}.',
  },
  HARNESS_TABLE: {
    status: 500,
    fault: 'caller',
    text: 'The table {table} cannot be made for the tests: {reason}.',
    fix: "Give it a name of 3 to 255 letters, digits, _, - and ., and for its keys 'id', or ['id', 'time'].",
  },
  HARNESS_PROBLEM: { status: 500, fault: 'webtask', text: '{problem}' },
  HARNESS_DATE_NOT_FROZEN: {
    status: 500,
    fault: 'caller',
    text: 'The date cannot be moved while it runs.',
    fix: 'Call freezeDate() first.',
  },
  INSPECTOR_PORT_TAKEN: {
    status: 500,
    fault: 'caller',
    text: 'A debugger cannot be waited for: port {port} is taken.',
    fix: 'End the other debugging session, or choose a port: NODE_OPTIONS=--inspect-port=0',
  },
  INSPECT_ISOLATION: {
    status: 500,
    fault: 'caller',
    text: '--inspect does not go with --isolation {isolation}.',
    fix: 'Leave one of them out.',
  },
  RUN_NO_FILE: { status: 500, fault: 'caller', text: 'The webtask {file} cannot be read.', fix: 'Check its path.' },
  // new
  NEW_NAME_INVALID: {
    status: 400,
    fault: 'caller',
    text: '"{name}" cannot be the name of a webtask.',
    fix: 'Write letters, digits, _ and -, and no ending; --ts makes it TypeScript.',
  },
  NEW_FILES_EXIST: {
    status: 409,
    fault: 'caller',
    text: 'Nothing was written, since these files exist: {files}.',
    fix: 'Choose another name, or move them away.',
  },
  NEW_NOT_WRITTEN: {
    status: 500,
    fault: 'caller',
    text: 'The file {file} cannot be written: {reason}.',
    fix: 'Choose a folder that you may write to.',
  },
} as const satisfies Record<string, ErrorEntry>;
