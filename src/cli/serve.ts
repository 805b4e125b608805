import { type Command, readOptions } from './command.js';

export const serveCommand: Command = {
  usage: `Usage: npm run cli -- serve

Runs the gateway until it is told to stop (SIGINT, SIGTERM). It brings the database up to date first.`,

  async run(args) {
    readOptions(args, {});
    await import('../main.js');
  },
};
