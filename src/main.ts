#!/usr/bin/env node
// First of all, before anything is loaded: an API key given as a flag must not stay where `ps` shows it.
const args = process.argv.slice(2);
process.title = ['bloom-split', ...args.slice(0, 1).filter((arg) => /^[a-z]+$/.test(arg))].join(' ');
const { runCommand } = await import('./cli/program.js');

process.exitCode = await runCommand(args);
