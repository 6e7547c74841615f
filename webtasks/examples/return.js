// @ts-nocheck: the type checker takes no `return` outside of a function, and the platform does.

// Code as the first webtasks were written: the body of a function, which returns the webtask. What is outside of the
// webtask runs once, while the code loads, and finds the settings in `module.webtask`.
const { secrets } = module.webtask;
const plans = secrets.PLANS.split(',');

return (callback) => {
  callback(null, { plans });
};
