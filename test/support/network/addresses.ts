/** Addresses of the internet of a test that answer UDP. */
export const UDP_ADDRESSES = ['93.184.216.34', '10.1.2.3'];
