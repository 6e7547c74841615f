/** The descriptor of the pipe between a server and the watchdog of a worker. */
export const WATCHDOG_DESCRIPTOR = 7;
