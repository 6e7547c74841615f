const VERSIONED = /^(?:@[^/@]+\/)?[^/@]+@\d/;
/** In bundles that have a `require` of their own, what it is given is in the same file. */
const OWN_REQUIRE = /\bfunction\s{0,4}\w{0,60}\s{0,4}\(\s{0,4}(?:\w{1,60}\s{0,4},\s{0,4}){0,4}require\s{0,4}[,)]/;
const NAMED = [
  /\brequire\s{0,4}\(\s{0,4}(["'`])([^"'`\\\n]{1,250})\1\s{0,4}\)/g,
  /\b(?:from|import)\s{0,4}\(?\s{0,4}(["'])([^"'\\\n]{1,250})\1/g,
];

/**
 * Lists the modules that code seems to name, without understanding it: to parse a few megabytes takes seconds, in which a
 * server does nothing else.
 *
 * What is in comments is named too; in bundles that have a `require` of their own only `name@version` is.
 *
 * @returns each once
 */
export function scanRequires(code: string): string[] {
  const found = new Set<string>();
  const isBundle = OWN_REQUIRE.test(code);
  for (const pattern of NAMED) {
    for (const [, , module = ''] of code.matchAll(pattern)) {
      if (!isBundle || VERSIONED.test(module)) found.add(module);
    }
  }
  return [...found];
}
