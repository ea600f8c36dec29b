/** The package's version, as files name the library that wrote them. */
export const VERSION = '0.2.0';
