/** The descriptor of the memory that a worker shares with its server. */
export const MEMORY_DESCRIPTOR = 6;
