//! Downsampling: fewer points for a curve that looks the same.

/// At most about a thousand points: the lowest and the highest of every segment, and both ends of the curve. Up to a
/// thousand points are returned as they are.
pub(crate) fn downsample(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    const MAX_POINTS: usize = 1000;
    let &[first, .., last] = points.as_slice() else {
        return points;
    };
    if points.len() <= MAX_POINTS {
        return points;
    }
    let n_segments = MAX_POINTS / 2 - 1;
    let inner = &points[1..points.len() - 1];
    let extremes = inner.chunks(inner.len().div_ceil(n_segments)).flat_map(lowest_and_highest);
    [first].into_iter().chain(extremes).chain([last]).collect()
}

/// The two extremes of a segment in the order in which they come; one point if they are the same.
fn lowest_and_highest(segment: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let indices = || 0..segment.len();
    let lowest = indices().min_by(|&left, &right| segment[left].1.total_cmp(&segment[right].1));
    let highest = indices().max_by(|&left, &right| segment[left].1.total_cmp(&segment[right].1));
    let mut extremes: Vec<usize> = lowest.into_iter().chain(highest).collect();
    extremes.sort_unstable();
    extremes.dedup();
    extremes.into_iter().map(|index| segment[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_points_become_few_and_keep_their_extremes() {
        let mut points: Vec<(f64, f64)> = (0..20_000).map(|x| (f64::from(x), f64::from(x * 7919 % 101))).collect();
        points[12_345].1 = 1e6;
        points[777].1 = -1e6;
        let fewer = downsample(points.clone());
        assert!((900..=1000).contains(&fewer.len()), "{}", fewer.len());
        assert_eq!(fewer.first(), points.first());
        assert_eq!(fewer.last(), points.last());
        assert!(fewer.contains(&(12_345.0, 1e6)));
        assert!(fewer.contains(&(777.0, -1e6)));
        assert!(fewer.is_sorted_by(|left, right| left.0 < right.0));
    }

    #[test]
    fn few_points_stay() {
        let points: Vec<(f64, f64)> = (0..1000).map(|x| (f64::from(x), 0.0)).collect();
        assert_eq!(downsample(points.clone()), points);
        assert_eq!(downsample(vec![(1.0, 2.0)]), [(1.0, 2.0)]);
        assert_eq!(downsample(Vec::new()), []);
    }
}
