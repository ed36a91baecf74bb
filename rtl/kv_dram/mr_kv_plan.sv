// SPDX-License-Identifier: Apache-2.0
// Planner of the KV controller's data path: takes jobs in order and turns them into runs, buffered appends and answers.
//
// WordBytes, BurstClks, BlockHalfs, La, BaBits  as in mr_kv_data.   Entries, Words, Ways  append buffer.
// MaxNbh  longest vector in blocks.   AgeMax  clocks that an APPEND may wait in the buffer before a batch is due.   IdleDrain  clocks without a
// job after which one is due, and after which page work that is not urgent may begin (a short gap shall not turn the bus); both are counted in steps
// of IdleDrain / 4 to IdleDrain / 2 and end early rather than late.
// HiEntries, HiBursts  fill at which one is due. A due batch starts between two jobs, as soon as the space of the one before is free.
// job_*: held until job_ready_o (depends on run_ready_i): the job's run was accepted, or its blocks are in the buffer. A STREAM that needs no
// look at the buffer has its run at the port one clock after job_valid_i; else one more clock, one for each Ways buffered entries and
// one if its last position is forwarded. flush_done_o depends on flush_req_i.
// run_*: R1-R6. Test: tests/rtl/kv_data.
`default_nettype none
`include "mr_assert.vh"
module mr_kv_plan #(
  parameter int WordBytes = 2,
  parameter int BurstClks = 4,
  parameter int BlockHalfs = 17,
  parameter int La = 21,
  parameter int BaBits = 2,
  parameter int MaxNbh = 32,
  parameter int Words = 1024,
  parameter int Entries = 8,
  parameter int Ways = 1,
  parameter int HiEntries = 6,
  parameter int HiBursts = 128,
  parameter int AgeMax = 4096,
  parameter int IdleDrain = 64,
  localparam int WordHalfs = WordBytes / 2,
  localparam int AddrW = $clog2(Words),
  localparam int LgHalfs = $clog2(WordHalfs),
  localparam int LgBurst = $clog2(BurstClks),
  localparam int LaneW = WordHalfs > 1 ? LgHalfs : 1,
  localparam int CountW = $clog2(Entries + 1),
  localparam int IdxW = $clog2(Entries),
  localparam int UsedW = AddrW - LgBurst + 1,
  localparam int NbhW = $clog2(MaxNbh + 1),
  localparam int VecW = $clog2(MaxNbh * BlockHalfs + 1),
  localparam int HalfW = $clog2(32 * MaxNbh * BlockHalfs + 1),    // half-words of a chunk
  localparam int Need = MaxNbh * BlockHalfs / (WordHalfs * BurstClks) + 2,   // bursts of the longest vector
  localparam int NeedW = $clog2(Need + (1 << BaBits)),        // a piece of the page engine fits too
  localparam int BurstsW = HalfW - LgHalfs - LgBurst,
  localparam int WordsW = HalfW - LgHalfs,
  localparam int RunW = 2 * La + 2 * BaBits,
  localparam int LateW = AddrW + NeedW + WordsW
) (
  input  wire                 clk_i,
  input  wire                 rst_ni,
  input  wire [NbhW-1:0]      cfg_nbh_i,

  input  wire                 job_valid_i,
  output wire                 job_ready_o,
  input  wire                 job_append_i,
  input  wire [3:0]           job_status_i,
  input  wire [17:0]          job_pos_i,
  input  wire [5:0]           job_count_i,
  input  wire [La-1:0]        job_base_i,
  input  wire [BaBits-1:0]    job_rot_i,
  input  wire [BaBits-1:0]    job_part_i,
  input  wire [La-1:0]        job_off_i,
  input  wire                 flush_req_i,
  output wire                 flush_done_o,

  output wire                 run_valid_o,
  input  wire                 run_ready_i,
  output wire                 run_wr_o,
  output logic [La-1:0]       run_base_o,
  output logic [BaBits-1:0]   run_rot_o,
  output logic [BaBits-1:0]   run_part_o,
  output logic [La-1:0]       run_off_o,
  output wire [La-1:0]        run_n_o,
  output wire [La+3:0]        run_use_o,

  // append buffer
  output wire [IdxW-1:0]      idx_o,
  input  wire                 hit_i,
  input  wire                 hit_last_i,
  input  wire [IdxW-1:0]      hit_way_i,
  input  wire [CountW-1:0]    ent_count_i,
  input  wire [LateW-1:0]     ent_late_i,
  output wire                 ent_we_o,
  output wire [LateW-1:0]     ent_late_o,
  output wire [RunW-1:0]      ent_run_o,
  output wire                 tab_re_o,
  input  wire [RunW-1:0]      tab_run_i,
  output wire                 ent_clear_o,
  input  wire [AddrW-1:0]     head_i,
  input  wire [UsedW-1:0]     used_i,
  output wire                 mark_o,
  input  wire                 drained_i,
  output wire                 free_o,

  // packer
  output wire                 pk_go_o,
  output wire                 pk_drop_o,
  output wire [LgBurst-1:0]   pk_lead_o,
  output wire [LaneW-1:0]     pk_lane_o,
  input  wire                 pk_done_i,
  input  wire [NeedW-1:0]     pk_bursts_i,
  input  wire [WordsW-1:0]    pk_used_i,

  // answers
  output wire                 ans_valid_o,
  input  wire                 ans_ready_i,
  output logic [1:0]          ans_kind_o,
  output wire [4:0]           ans_num_o,
  output wire                 ans_fwd_o,
  output wire [AddrW-1:0]     ans_addr_o,
  input  wire                 tok_i,

  // page engine
  input  wire                 pe_urgent_i,
  input  wire [La-1:0]        pe_src_base_i,
  input  wire [BaBits-1:0]    pe_src_rot_i,
  input  wire [La-1:0]        pe_dst_base_i,
  input  wire [BaBits-1:0]    pe_dst_rot_i,
  input  wire                 pg_valid_i,
  input  wire                 pg_want_i,
  input  wire                 pg_wr_i,
  input  wire [La-1:0]        pg_off_i,
  input  wire                 pg_lock_i,
  input  wire                 pg_words_i,
  output wire                 pg_took_o,
  output wire                 pg_run_o,
  output wire                 pg_idle_o
);
  localparam int LgTick = IdleDrain < 8 ? 1 : $clog2(IdleDrain + 1) - 2;
  localparam int AgeN   = AgeMax / (1 << LgTick) - 1;     // whole steps that AgeMax allows
  localparam int AgeW   = $clog2(AgeN + 1);
  localparam int FullW  = UsedW < 5 ? UsedW : 5;          // the fill is looked at in 32nds of twice the buffer
  localparam int Full   = (Words / BurstClks - Need) >> (UsedW - FullW);

  typedef enum logic [3:0] {
    StIdle, StFind, StFwd, StRun, StAppend, StPack, StBeat, StRead, StTake, StDrain, StToken, StLoad, StPut, StPage
  } state_e;

  state_e            state_q, state_d;
  logic [IdxW-1:0]   idx_q, idx_d;
  logic              fwd_q, fwd_d;        // the STREAM's last position comes from the buffer
  logic              late;                // multiply late_a_q, not the STREAM's count
  logic [5:0]        late_a_q;            // APPEND: position in the chunk; STREAM: count - 1
  logic [VecW-1:0]   vec_q;               // half-words of a vector
  logic [HalfW-1:0]  half_q;              // half-words from the chunk's start
  logic [BurstsW-1:0] skip_q;             // bursts from the chunk's start to the APPEND's
  logic [AddrW-1:0]  start_q;             // where the APPEND's first burst lies in the buffer
  logic              full_q, hi_q, due_q; // the buffer lacks room, is filled enough, or its time is up
  logic              keep_q2;
  logic              look_q, row_end_q;   // hit_i is about a row; it is the last one
  logic              keep_q, passed_q;    // the last batch's space is not free yet; the answers before it are out
  logic [LgTick:0]   tick_q;
  logic [AgeW-1:0]   age_q;
  logic [1:0]        idle_q;              // steps without a job
  logic              none, can_drain, refused, no_run, last_row, last_ent, run_done, free;

  logic [NeedW-1:0]   e_n;
  logic [WordsW-1:0]  e_use;

  assign none      = ent_count_i == '0;
  assign can_drain = !keep_q && !pg_words_i && !pg_lock_i;
  assign refused   = job_status_i != 4'd0;
  assign no_run    = fwd_q && late_a_q == 6'd0;
  assign last_ent  = IdxW'(idx_q + IdxW'(1)) == IdxW'(ent_count_i);
  generate
    if (Ways == 1) begin : gen_one
      assign last_row = idx_q == IdxW'(ent_count_i);
    end else begin : gen_rows
      assign last_row = (IdxW+1)'(Ways) * (IdxW+1)'(idx_q) >= (IdxW+1)'(ent_count_i);
    end
  endgenerate

  // --- states ----------------------------------------------------------------------------------------------------
  always_comb begin
    state_d = state_q;
    idx_d   = '0;
    fwd_d   = fwd_q;
    case (state_q)
      StIdle: begin
        fwd_d = 1'b0;
        if (due_q && !none && can_drain) state_d = StRead;
        else if (pg_want_i && (pe_urgent_i || pg_lock_i || (idle_q[1] && !job_valid_i))) state_d = StLoad;
        else if (job_valid_i && !pg_lock_i && !(pg_valid_i && pe_urgent_i)) begin
          if (refused && job_append_i) state_d = StPack;
          else if (refused) state_d = StBeat;
          else if (job_append_i) state_d = StAppend;
          else if (none) state_d = StRun;
          else begin
            idx_d   = IdxW'(1);
            state_d = StFind;
          end
        end
      end
      StFind: begin                  // hit_i is about row idx_q - 2
        idx_d = idx_q + IdxW'(1);
        if (look_q && hit_i) begin
          fwd_d   = 1'b1;
          idx_d   = ((idx_q - IdxW'(2)) << $clog2(Ways)) + hit_way_i;
          state_d = StFwd;
          if (!hit_last_i) begin       // other positions of the chunk wait in the buffer
            idx_d   = '0;
            state_d = StIdle;
            if (can_drain) state_d = StRead;
          end
        end else if (look_q && row_end_q) state_d = StRun;
      end
      StFwd: begin
        idx_d   = idx_q;
        state_d = StRun;
      end
      StRun: begin
        idx_d = idx_q;
        if (run_done) begin
          idx_d   = '0;                // the look at the buffer starts while idle
          state_d = StIdle;
        end
      end
      StAppend: begin
        if (!full_q) state_d = StPack;
        else if (!none && can_drain) state_d = StRead;
      end
      StPack: if (pk_done_i) state_d = StBeat;
      StBeat: if (ans_ready_i) state_d = StIdle;
      StRead: begin
        idx_d   = idx_q;
        state_d = StTake;
      end
      StTake: begin
        idx_d   = idx_q;
        state_d = StDrain;
      end
      StDrain: begin
        idx_d = idx_q;
        if (run_ready_i) begin
          idx_d   = idx_q + IdxW'(1);
          state_d = StRead;
          if (last_ent) state_d = StToken;
        end
      end
      StToken: if (ans_ready_i) state_d = StIdle;
      StLoad: state_d = StPut;
      StPut: state_d = StPage;
      StPage: if (run_ready_i) state_d = StIdle;
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      idx_q   <= '0;
      fwd_q   <= 1'b0;
    end else begin
      state_q <= state_d;
      idx_q   <= idx_d;
      fwd_q   <= fwd_d;
    end
  end
  always_ff @(posedge clk_i) begin
    look_q    <= state_q == StFind;
    row_end_q <= last_row;
  end

  // --- half-words from the chunk's start: to the end of the STREAM's part in DRAM, or to the APPEND's vector -----------
  logic [5:0] mul_a;
  assign late  = state_q == StAppend || state_q == StFwd;
  assign mul_a = late ? late_a_q : job_count_i;
  always_ff @(posedge clk_i) begin
    vec_q    <= BlockHalfs == 17 ? VecW'({cfg_nbh_i, 4'd0}) + VecW'(cfg_nbh_i) : VecW'({cfg_nbh_i, 3'd0}) + VecW'(cfg_nbh_i);
    late_a_q <= (job_append_i ? {1'b0, job_pos_i[4:0]} : job_count_i) + {6{!job_append_i}};
    if (state_q == StIdle || state_q == StFind || late) half_q <= HalfW'(mul_a * vec_q);
    if (state_q == StAppend) start_q <= head_i;
    if (state_q == StPack) skip_q <= half_q[HalfW-1:LgHalfs+LgBurst];
    else skip_q <= '0;
  end

  // --- runs ------------------------------------------------------------------------------------------------------
  logic [BurstsW-1:0] s_n;
  logic [WordsW-1:0]  s_use;
  assign {ans_addr_o, e_n, e_use} = ent_late_i;
  assign s_n   = half_q[HalfW-1:LgHalfs+LgBurst] + BurstsW'(|half_q[LgHalfs+LgBurst-1:0]);
  generate
    if (WordHalfs == 1) begin : gen_use_plain
      assign s_use = half_q;
    end else begin : gen_use
      assign s_use = half_q[HalfW-1:LgHalfs] + WordsW'(|half_q[LgHalfs-1:0]);
    end
  endgenerate

  // The port's start register takes the job's while one may come, and holds from StDrain and StPage on. What the table and the page engine put
  // in is zero at all other times.
  logic [La-1:0]     to_base_q, pg_off_q;
  logic [BaBits-1:0] to_rot_q;
  logic              put_src, job_base, job_off;
  logic [RunW-1:0]   job_run;
  assign put_src  = state_q == StPut && !pg_wr_i;
  assign job_base = state_q != StTake && (state_q != StPut || put_src);
  assign job_off  = state_q != StTake && state_q != StPut;
  assign job_run  = {(put_src ? pe_src_base_i : job_base_i) & {La{job_base}}, (put_src ? pe_src_rot_i : job_rot_i) & {BaBits{job_base}},
                     job_part_i & {BaBits{job_off}}, job_off_i & {La{job_off}}};
  always_ff @(posedge clk_i) begin
    if (state_q != StLoad || !pg_wr_i) {to_base_q, to_rot_q} <= '0;
    else {to_base_q, to_rot_q} <= {pe_dst_base_i, pe_dst_rot_i};
    if (state_q != StLoad) pg_off_q <= '0;
    else pg_off_q <= pg_off_i;
    if (state_q != StDrain && state_q != StPage)
      {run_base_o, run_rot_o, run_part_o, run_off_o} <= tab_run_i | job_run | {to_base_q, to_rot_q, BaBits'(0), pg_off_q};
  end

  assign run_valid_o = (state_q == StRun && ans_ready_i && !no_run) || state_q == StDrain || state_q == StPage;
  assign run_wr_o    = state_q == StDrain || (state_q == StPage && pg_wr_i);
  assign run_done    = ans_ready_i && (run_ready_i || no_run);
  // Bursts and wanted words of the table's entry or of the page engine's piece.
  logic [NeedW-1:0]  n_q;
  logic [WordsW-1:0] use_q;
  always_ff @(posedge clk_i) begin
    if (state_q == StTake) n_q <= e_n;
    else if (state_q == StPut) n_q <= NeedW'(1 << BaBits);
    if (state_q == StPut) use_q <= '0;
    else if (state_q == StTake) use_q <= WordHalfs == 1 ? WordsW'(vec_q) : e_use;
  end
  assign run_n_o   = state_q == StRun ? La'(s_n) : La'(n_q);
  assign run_use_o = state_q == StRun ? (La+4)'(s_use) : (La+4)'(use_q);

  // --- appends ---------------------------------------------------------------------------------------------------
  assign idx_o       = idx_q;
  assign pk_go_o     = state_q == StPack;
  assign pk_drop_o   = refused;
  assign pk_lead_o   = half_q[LgHalfs +: LgBurst];
  assign pk_lane_o   = WordHalfs > 1 ? half_q[LaneW-1:0] : LaneW'(0);
  assign ent_we_o    = state_q == StPack && pk_done_i && !refused;
  assign ent_late_o  = {start_q | AddrW'(pk_lead_o), pk_bursts_i, WordHalfs == 1 ? WordsW'(0) : pk_used_i};
  assign ent_run_o   = {job_base_i, job_rot_i, job_part_i, job_off_i + La'(skip_q)};
  assign tab_re_o    = state_q == StRead;
  assign ent_clear_o = state_q == StToken;
  assign mark_o      = state_q == StRead && idx_q == '0;

  // Bursts that the next APPEND may take, and when a batch is due. The fill is two clocks old here; an
  // APPEND looks three clocks after the one before at the earliest.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      full_q <= 1'b1;
      hi_q   <= 1'b0;
      keep_q2 <= 1'b0;
      due_q  <= 1'b0;
    end else begin
      full_q <= used_i[UsedW-1 -: FullW] >= FullW'(Full) || ent_count_i == CountW'(Entries);
      keep_q2 <= keep_q;
      hi_q   <= !keep_q && !keep_q2 && (ent_count_i >= CountW'(HiEntries) || used_i >= UsedW'(HiBursts));
      due_q  <= hi_q || flush_req_i || age_q == AgeW'(AgeN) || idle_q[1];
    end
  end
  always_ff @(posedge clk_i) begin
    tick_q <= rst_ni ? {1'b0, tick_q[LgTick-1:0]} + (LgTick+1)'(1) : '0;
    if (!rst_ni || none) age_q <= '0;
    else if (tick_q[LgTick] && age_q != AgeW'(AgeN)) age_q <= age_q + AgeW'(1);
    if (!rst_ni || job_valid_i) idle_q <= 2'd0;
    else if (tick_q[LgTick]) idle_q <= {idle_q[1] || idle_q[0], 1'b1};
  end

  // The space of a batch is free when the back end has its words and no answer given before refers to them.
  assign free   = keep_q && passed_q && drained_i;
  assign free_o = free;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      keep_q   <= 1'b0;
      passed_q <= 1'b0;
    end else begin
      keep_q   <= mark_o || (keep_q && !free);
      passed_q <= !mark_o && !free && (passed_q || tok_i);
    end
  end

  // --- answers, page engine, flush -------------------------------------------------------------------------------
  always_comb begin
    ans_kind_o = 2'd0;
    if (state_q == StBeat) ans_kind_o = 2'd1;
    if (state_q == StToken) ans_kind_o = 2'd2;
  end
  assign ans_valid_o = (state_q == StRun && (run_ready_i || no_run)) || state_q == StBeat || state_q == StToken;
  assign ans_num_o   = state_q == StBeat ? {1'b0, job_status_i} : late_a_q[4:0];
  assign ans_fwd_o   = fwd_q;
  assign job_ready_o = (state_q == StRun && run_done) || (state_q == StBeat && ans_ready_i);
  assign flush_done_o = flush_req_i && state_q == StIdle && !job_valid_i && none;
  assign pg_took_o   = state_q == StPage && run_ready_i;
  assign pg_run_o    = state_q == StPage;
  assign pg_idle_o   = state_q == StIdle;

  wire unused_ok = ^{job_pos_i[17:5]};

  `MR_ASSERT(FreeInOrder, !tok_i || keep_q)
  `MR_ASSERT(DrainHasEntry, (state_q != StDrain && state_q != StRead) || !none)
endmodule
`default_nettype wire
