import { runMigrateCommand } from './run-migrate-command.ts';

const { exitCode, message } = await runMigrateCommand(process.env['DATABASE_URL'], process.argv.slice(2));
if (exitCode === 0) console.log(message);
else console.error(message);
process.exit(exitCode);
