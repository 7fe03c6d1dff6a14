// What Python calls, stated once: the compiler checks the definitions against it, and `kernels/signatures.py` reads structs,
// enums and functions from it, which therefore stay as simple as they are.
//
// Shapes: n samples, c channels, s pixels. A plane is a sample, or a channel under a sigmoid. Results are overwritten, and
// do not depend on the number of threads.
#pragma once

#include <cstdint>

#include "simd/platform.hpp"

namespace psl {

// 0, or 1 if memory ran out: no exception may leave a C function.
using Status = int;

struct Problem {
    const float* logits;  // [n, c, s]; of some functions probabilities
    const void* labels;  // softmax: [n, s] class indices; sigmoid: [n, c, s] of 0 and 1
    const float* weight;  // factor of each pixel's contribution, [n, weight_channels, s], or null
    std::int64_t n, c, s;
    std::int64_t weight_channels;  // 1, or c under a sigmoid
    std::int64_t ignore;  // label of pixels to leave out; labels out of range are left out too
    std::int32_t label_bytes;  // 8, 4: signed; 1: unsigned
    std::int32_t sigmoid;  // else softmax over c
};

enum Side : std::int32_t { POSITIVE = 0, NEGATIVE = 1 };

// Functions of a pixel's error x and of l = -log(1 - x); gamma is the exponent. With a clip, x is max(x - clip, 0), and l that
// of this.
enum Kind : std::int32_t {
    COUNT = 0,  // 1, never weighted
    CORRECT = 1,  // 1 - x
    ERROR = 2,  // x
    POWER = 3,  // x^gamma
    NLL = 4,  // l
    FOCAL = 5,  // x^gamma l; it may have a clip
    NLL_POWER = 6,  // l^gamma
    LQ = 7,  // (1 - (1 - x)^gamma) / gamma
    HELD_FOCAL = 8,  // as FOCAL, but the slope is that of l alone
};

// A sum of a function over the pixels of a side.
struct SumSpec {
    std::int32_t side, kind;
    float gamma, clip;
};

// Where a probability above 1/2 is p - 1, told by its sign (-0 is 1): nowhere, in the class of the pixel's label, everywhere.
enum Sign : std::int32_t { NO_SIGN = 0, SIGN_IN_OWN_CLASS = 1, SIGN_IN_EVERY_CLASS = 2 };

struct SoftProblem {
    const float* logits;  // [n, c, s]
    const float* targets;  // [n, c, s], in [0, 1]; what is not is 0
    std::int64_t n, c, s;
    float ignore;  // target of what to leave out: under a softmax of pixels in all of whose channels it stands
    std::int32_t sigmoid;  // else softmax over c
};

// Sums over the pixels of a channel that count, of p and of the target g.
enum SoftSum : std::int32_t {
    SOFT_TP = 0,  // min(p, g)
    SOFT_FP = 1,  // max(p - g, 0)
    SOFT_FN = 2,  // max(g - p, 0)
    SOFT_NLL = 3,  // -g log p
    SOFT_NLL_OTHER = 4,  // -(1 - g) log(1 - p) under a sigmoid, else 0
    SOFT_POSITIVES = 5,  // g
    SOFT_NEGATIVES = 6,  // 1 - g
    SOFT_COUNT = 7,  // 1
    SOFT_SUMS = 8,  // how many there are
};

// ---- pixelwise

// sums [n, c, count]. kept [n, c, s], or null: memory of the gradient, where the forward pass may leave what the backward pass
// would compute again; `is_kept` says whether it did.
EXPORT Status error_sums_forward(const Problem* problem, const SumSpec* specs, int count, double* sums, float* kept,
                                 int* is_kept, int threads);
// upstream [n, c, count]: the gradient of the sums. gradient [n, c, s]: that of the logits; if `is_kept`, with what was kept.
EXPORT Status error_sums_backward(const Problem* problem, const SumSpec* specs, int count, const double* upstream, int is_kept,
                                  float* gradient, int threads);

// sums [n, c], or [n, c, 2] under a sigmoid: the weights of the pixels of each label.
EXPORT Status error_sums_weights(const Problem* problem, double* sums, int threads);

// values [planes, s]: each pixel's functions times the coefficients [n, c, count] of its label; under a softmax all functions
// are of POSITIVE pixels. Their gradient is that of the sums, with the values' gradient as pixel weight and the coefficients as
// upstream.
EXPORT Status pixelwise_values(const Problem* problem, const SumSpec* specs, int count, const double* coefficients,
                               float* values, int threads);
// total: the weighted sum of the values. gradient [n, c, s]: that of the total, or null.
EXPORT Status pixelwise_total(const Problem* problem, const SumSpec* specs, int count, const double* coefficients,
                              float* gradient, double* total, int threads);
// values *= factor.
EXPORT Status pixelwise_scale(float* values, std::int64_t size, float factor, int threads);

// p [n, c, s] with this sign, 0 where a pixel is left out.
EXPORT Status probabilities_forward(const Problem* problem, int sign, float* p, int threads);
EXPORT Status probabilities_backward(const Problem* problem, const float* upstream, float* gradient, int threads);

// sums [n, c, bins, 2] of u (p - g) and of u in each of at most 256 bins of p: u is the weight of a pixel, which, if soft, two
// bins share.
EXPORT Status calibration_forward(const Problem* problem, int bins, int soft, double* sums, int threads);
EXPORT Status calibration_backward(const Problem* problem, int bins, int soft, const double* upstream, float* gradient,
                                   int threads);

// columns: the cost matrix as [predicted, true]. sums [n, c]: the expected costs of the pixels of each class.
EXPORT Status confusion_forward(const Problem* problem, const float* columns, double* sums, int threads);
EXPORT Status confusion_backward(const Problem* problem, const float* columns, const double* upstream, float* gradient,
                                 int threads);

// missed [2, c]: pixels of the batch whose label is c, and those whose label is not (under a sigmoid alone), for which the
// logits say otherwise; of equal logits the first.
EXPORT Status label_misses(const Problem* problem, std::int64_t* missed, int threads);

// total: the weighted sum over the valid pixels, or under a sigmoid elements, of the mean over the classes of
// max(largest z - z - margin, 0); a sigmoid's z stands for the two classes (0, z). slope [n, c, s]: its gradient, or null.
EXPORT Status margin_forward(const Problem* problem, double margin, double* total, float* slope, int threads);

// kept: the labels of the given per cent (at least one) of the valid pixels, those with the largest values, and `ignore`
// elsewhere; as wide as the labels. Values are at least 0.
EXPORT Status top_k(const float* values, const void* labels, int label_bytes, std::int64_t size, std::int64_t classes,
                    std::int64_t ignore, double percent, void* kept, int threads);

// out: labels [planes, size] as uint8, 255 where a label does not count (out_bytes 1, for at most 255 classes), or as int32, -1
// there. counts [planes, classes] of the labels that count, zeros before; out_of_range: how many labels are neither a class
// nor `ignore`.
EXPORT Status labels_compact(const void* labels, int label_bytes, std::int64_t planes, std::int64_t size, std::int64_t classes,
                             std::int64_t ignore, void* out, int out_bytes, std::int64_t* counts, std::int64_t* out_of_range,
                             int threads);
// The same of one-hot labels [samples, classes, size], made class indices: out [samples, size], counts [samples, classes];
// out_of_range: how many pixels that count do not have exactly one 1 among zeros.
EXPORT Status labels_compact_one_hot(const void* labels, int label_bytes, std::int64_t samples, std::int64_t classes,
                                     std::int64_t size, std::int64_t ignore, void* out, int out_bytes, std::int64_t* counts,
                                     std::int64_t* out_of_range, int threads);
// counts [planes, classes] alone.
EXPORT Status labels_count(const void* labels, int label_bytes, std::int64_t planes, std::int64_t size, std::int64_t classes,
                           std::int64_t ignore, std::int64_t* counts, int threads);

// counts [2]: how many pixels (elements under a sigmoid) have targets that are out of range, or under a softmax do not sum to 1
// within 1e-2; and how many count.
EXPORT Status soft_targets_check(const SoftProblem* problem, std::int64_t* counts, int threads);
// sums [n, c, SOFT_SUMS].
EXPORT Status soft_targets_forward(const SoftProblem* problem, double* sums, int threads);
// upstream [n, c, SOFT_SUMS]: the gradient of the sums up to SOFT_NLL_OTHER. gradient [n, c, s]: that of the logits.
EXPORT Status soft_targets_backward(const SoftProblem* problem, const float* upstream, float* gradient, int threads);

// ---- distance

// masks [maps, *sizes], 0 or not; spacing: a number for each axis, or null for 1, which keeps squares whole and exact.
EXPORT Status edt_float32(const std::uint8_t* masks, std::int64_t maps, int axes, const std::int64_t* sizes,
                          const double* spacing, float* out, int threads);
EXPORT Status edt_float64(const std::uint8_t* masks, std::int64_t maps, int axes, const std::int64_t* sizes,
                          const double* spacing, double* out, int threads);

// Of signed probabilities: sums [n, c] and their slope [n, c, s], 0 in channels before `first`. `precomputed` are signed
// distances of the true regions, or null; `fits` says whether they belong to these labels: if not, the results are meaningless.
EXPORT Status distance_weighted_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                                        double alpha, double pixel, int boundary, int one_sided, int first,
                                        const float* precomputed, int* fits, double* sums, float* slope, int threads);

// out [planes, s]: the inverted distance to the boundary of each pixel's region; 0 where a pixel is left out. `normalize`: 1
// on the boundary.
EXPORT Status boundary_proximity(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                                 int normalize, float* out, int threads);

// Of signed probabilities: sums [n, c, 4] of skeletons with their weights times depths and radii, 0 in channels before `first`.
// slopes [planes, s, 4], zeros before: their slopes at each pixel in the channel whose probability exceeds 0.5; or null.
EXPORT Status radius_sums_forward(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, int first,
                                  double* sums, float* slopes, int threads);
EXPORT Status radius_sums_backward(const Problem* problem, int first, const double* upstream, const float* slopes,
                                   float* gradient, int threads);

// counts [n, c]: boundary pixels of each class; beyond the image lies another region.
EXPORT Status contours_boundary_counts(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t* counts,
                                       int threads);
// Of logits, under a sigmoid of probabilities. out [planes, s]: at wrongly classified pixels the mean, over the classes from 1
// on that have both boundaries, of the mean distance from the predicted boundary to the true one; else 0. `spacing` has three
// numbers, or is null.
EXPORT Status contours_surface_distances(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                                         float* out, int threads);

// ---- lovasz

// Bytes of the work space of `lovasz_forward`.
EXPORT std::int64_t lovasz_workspace_bytes(const Problem* problem, int per_image, int hinge, int threads);
// losses and positives [groups, rows]: the loss, and the number of pixels of the class, 0 for rows that are left out;
// rows = c, or 1 for the hinge of two classes. grad [rows, n s]: cached for the backward pass, or null.
EXPORT Status lovasz_forward(const Problem* problem, int per_image, int hinge, const std::uint8_t* requested, int present_only,
                             double* losses, std::int64_t* positives, float* grad, void* workspace, int threads);
// out [n, c, s] from the gradient of every row, upstream [groups, rows].
EXPORT Status lovasz_backward(const Problem* problem, int per_image, int hinge, const double* upstream, const float* grad,
                              float* out, int threads);

// ---- neighbourhood

// lines [planes, s]: whether a pixel lies on the skeleton of its true region.
EXPORT Status centerline_truth(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, std::uint8_t* lines,
                               int threads);
// Of signed probabilities, 0 where a pixel is left out. sums [n, c, 4], 0 in channels before `first`.
EXPORT Status centerline_forward(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, int first,
                                 const std::uint8_t* lines, double* sums, int threads);
EXPORT Status centerline_backward(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, int first,
                                  const std::uint8_t* lines, const double* upstream, float* gradient, int threads);

// Of signed probabilities: sums [n, c], 0 in channels before `first`, and their slope [n, c, s], or null. weights [erosions].
EXPORT Status erosion_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int erosions,
                              int first, double* sums, float* slope, int threads);
// The same; radii and weights [count].
EXPORT Status ball_filter_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* radii,
                                  const double* weights, int count, int first, double* sums, float* slope, int threads);
// Of probabilities with a sign in every class: length times the mean length of the cells of neighbouring pixels plus region
// times the mean error. `exclusive`: those of a softmax sum to 1, so that one map of two tells the other. errors [n, c] and
// slope as those above.
EXPORT Status active_contour_forward(const Problem* problem, int axes, const std::int64_t* sizes, double length, double region,
                                     double eps, int exclusive, int first, double* errors, float* slope, int threads);
// The same of 1 - the F1 score of boundaries. `width` and `reach`: pixels to each side, in the square or cube that makes a
// boundary and in that in which it is found.
EXPORT Status boundary_f1_forward(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t width,
                                  std::int64_t reach, double smooth, int first, double* errors, float* slope, int threads);
// total: the mean over the predicted boundary of the batch, under a sigmoid that over its channels. gradient [n, c, s]: that of
// the total, or null. ratio: the share of the pixels of a plane that its boundary starts from.
EXPORT Status active_boundary_forward(const Problem* problem, int axes, const std::int64_t* sizes, double ratio,
                                      double max_distance, double smoothing, double* total, float* gradient, int threads);
// gradient [n, c, s]: the slope times the gradient [n, c] of each sum.
EXPORT Status map_sums_backward(const Problem* problem, const double* upstream, const float* slope, float* gradient,
                                int threads);

// tubes [planes, s]: 1 at the pixels of each class from 1 on that lie at most `radius` steps along the axes away from its
// skeleton, or, with `merge`, from that of all these classes together. Labels alone are read.
EXPORT Status thinning_tubes(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t radius, int merge,
                             std::uint8_t* tubes, int threads);

// out [n, c, s]: how much of each pixel is of a class when half of it is mixed with the mean of its neighbours that count; 255
// where it is left out. plain and scaled [reach]: weights of steps along an axis, where the pixel itself has 1, and the same
// divided by that of one step. Beyond the image its edges are repeated.
EXPORT Status label_means(const Problem* problem, int axes, const std::int64_t* sizes, const double* plain,
                          const double* scaled, int reach, float* out, int threads);

// Of signed probabilities: 1 - the structural similarity in windows. exponents [scales] of the similarities whose product it
// is; null: that of the only scale as it is. weights [reach + 1] of steps along an axis, where the pixel itself has 1. errors
// and slope as those above.
EXPORT Status similarity_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int reach,
                                 double c1, double c2, const double* exponents, int scales, int first, double* errors,
                                 float* slope, int threads);
// The same of maps d = p - g and g [maps, s], 0 where the mask is; `maps_of_mask` maps in turn share one. errors [maps].
EXPORT Status similarity_of_maps(const float* excess, const float* target, const float* mask, std::int64_t maps,
                                 std::int64_t maps_of_mask, int axes, const std::int64_t* sizes, const double* weights,
                                 int reach, double c1, double c2, const double* exponents, int scales, double* errors,
                                 float* slope, int threads);

// total [2]: the sum of e BCE, and the number of its pixels. slope [n, c, s]: the gradient of the sum.
EXPORT Status window_ssl_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int reach,
                                 double c4, double beta, double* total, float* slope, int threads);
// total: the sum of |d| or d^2 over the valid pixels of all classes. slope [n, c, s]: its gradient.
EXPORT Status window_nacl_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int reach,
                                  int squared, double* total, float* slope, int threads);

}  // namespace psl
