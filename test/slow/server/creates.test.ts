// The tests of named webtasks once more, with a thousand creates of one name at once.
import './thousand.ts';
import '../../runtime/server/registry/registry.test.ts';
import '../../runtime/server/registry/webtasks.test.ts';
