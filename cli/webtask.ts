#!/usr/bin/env node
/** The program `webtask`, from source; what is published begins with `publish/launch.ts`. */
import { runCommand } from './commands.ts';

await runCommand();
