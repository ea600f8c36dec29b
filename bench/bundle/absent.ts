/** In the place of packages that the bundle leaves out: of the programs in it, only what runs in Node is used. */
const absent = (): never => {
  throw new Error('this bundle has no browser');
};

export const build = absent;
export default { launch: absent };
