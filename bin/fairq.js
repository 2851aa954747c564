#!/usr/bin/env node
import { hostname } from 'node:os';
import { main, processIo } from '../dist/cli/program.js';

const io = processIo(hostname());
io.exit(await main(io));
