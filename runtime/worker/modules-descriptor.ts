/** The descriptor of the pipe by which a worker has its server translate modules, and waits. */
export const MODULES_DESCRIPTOR = 8;
/** Bytes of a question, and of an answer. */
export const MAX_MODULE_BYTES = 16 << 20;
/** Each is its length, and JSON. */
export const LENGTH_BYTES = 4;
/** The argument by which a worker knows that it has a project, whose modules are where it is. */
export const FOR_PROJECT = 'project';
