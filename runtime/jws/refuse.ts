/** Throws the caller's own error for text that is not read, with the reason: what it is and what is wrong with it. */
export type Refuse = (reason: string, options?: ErrorOptions) => never;
