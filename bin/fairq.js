#!/usr/bin/env node
import { hostname } from 'node:os';
import { main } from '../dist/cli/main.js';
import { processIo } from '../dist/process/io.js';

const io = processIo(hostname());
io.exit(await main(io));
