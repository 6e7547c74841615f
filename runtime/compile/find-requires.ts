import { SourceMap } from 'node:module';
import { type Node, parse } from 'acorn';
import { fail } from '../errors.ts';
import { type Language, translate } from './translate.ts';

/** A module that code asks for. */
export interface Requirement {
  /** As the code writes it: `name`, `name@1.2.3`, `./beside`. */
  readonly module: string;
  /** In the author's text, from 1. */
  readonly line: number;
  /** Whether `import()` asks for it, while the code runs. */
  readonly dynamic: boolean;
}

const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

/**
 * Lists the modules that the text of a webtask names: by `require`, `import`, `export from` and `import()`.
 *
 * What is computed while the code runs cannot be known here. Imports of types are none.
 *
 * @param file - absolute path, for messages
 * @returns each module once for each way of asking, where it is named first, in the order of the text
 * @throws COMPILE_FAILED, COMPILE_RETURN_IN_MODULE
 */
export async function findRequires(code: string, file: string, language: Language): Promise<Requirement[]> {
  const translated = await translate(code, file, language);
  const lineOf = translated.rewritten ? originalLine(translated.code) : (node: Located) => node.loc.start.line;
  const named = namedModules(parseScript(translated.code, file));
  const required = named
    .map(({ module, node }) => ({ module, line: lineOf(node), dynamic: node.type === 'ImportExpression' }))
    .sort((a, b) => a.line - b.line);
  const first = new Map<string, Requirement>();
  for (const it of required) {
    const key = `${it.dynamic} ${it.module}`;
    if (!first.has(key)) first.set(key, it);
  }
  return [...first.values()];
}

/** With `locations`, acorn says where every node is. */
interface Located extends Node {
  readonly loc: NonNullable<Node['loc']>;
}

/**
 * Parses CommonJS.
 *
 * @param file - for messages
 * @throws COMPILE_FAILED
 */
export function parseScript(code: string, file: string): Located {
  try {
    return parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowReturnOutsideFunction: true,
      allowHashBang: true,
      locations: true,
    }) as Node as Located; // by `locations`
  } catch (cause) {
    return fail(
      'COMPILE_FAILED',
      { reason: `${cause instanceof Error ? cause.message : cause} in ${file}` },
      { cause },
    );
  }
}

/** The line that esbuild had before it, by the map at the end of its output. */
function originalLine(code: string): (node: Located) => number {
  const payload = Buffer.from(INLINE_MAP.exec(code)?.[1] ?? '', 'base64').toString();
  const map = new SourceMap(JSON.parse(payload));
  return ({ loc: { start } }) => {
    const entry = map.findEntry(start.line - 1, start.column);
    return 'originalLine' in entry ? entry.originalLine + 1 : start.line;
  };
}

interface NamedModule {
  readonly module: string;
  readonly node: Located;
}

/** A syntax tree as it is walked here: nodes of any kind, and what they hold. */
type Tree = Located & Readonly<Record<string, unknown>>;

function namedModules(root: Located): NamedModule[] {
  const found: NamedModule[] = [];
  walk(root as Tree); // acorn's nodes have what a tree has
  return found;

  function walk(node: Tree, ownRequire = false): void {
    // In bundles, `require` is often a parameter of the bundler's own, which finds its modules in the same file.
    const own = ownRequire || takesRequire(node);
    const module = !own && isRequireCall(node) ? literal(firstArgument(node)) : literal(importSource(node));
    if (module !== undefined) found.push({ module, node });
    for (const child of Object.values(node).flat()) if (isTree(child)) walk(child, own);
  }
}

function takesRequire({ params }: Tree): boolean {
  return Array.isArray(params) && params.some((it) => isTree(it) && it.type === 'Identifier' && it.name === 'require');
}

function isRequireCall({ type, callee }: Tree): boolean {
  return type === 'CallExpression' && isTree(callee) && callee.type === 'Identifier' && callee.name === 'require';
}

function firstArgument({ arguments: given }: Tree): unknown {
  return Array.isArray(given) ? given[0] : undefined;
}

function importSource({ type, source }: Tree): unknown {
  return type === 'ImportExpression' ? source : undefined;
}

/** The text of a string, or of a template without expressions. */
function literal(node: unknown): string | undefined {
  if (!isTree(node)) return undefined;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis) || node.quasis.length !== 1) return undefined;
  return node.quasis[0].value.cooked;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Tree>).type === 'string';
}
